package io.steelyard.examples.demo;

import io.steelyard.stage.Stages;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;

/** The page, until somebody ends it. */
final class Show {
  private static final int PODS = 5;

  /**
   * Fewer than by default: the default strategy avoids a pod that fails, so that it would take the
   * better part of a minute to fail five times.
   */
  private static final int FAILURES = 3;

  private static final Duration OUT_FOR = Duration.ofSeconds(5);

  private Show() {}

  static void run(Options options) throws IOException, InterruptedException {
    Events events = new Events(event -> {});
    Setup setup =
        Setup.start(
            options,
            Cluster.Pace.SHOW,
            Stages.ejection(FAILURES, OUT_FOR, Duration.ofMinutes(5)).panicBelow(0.5),
            text -> events.add("cluster", text),
            events::snapshot);
    CountDownLatch ended = new CountDownLatch(1);
    try (setup;
        Page page = Page.serve(options.listen(), setup, events)) {
      Thread atExit =
          new Thread(
              () -> {
                ended.countDown();
                page.close();
                setup.close();
              },
              "end");
      Runtime.getRuntime().addShutdownHook(atExit);
      Cluster own = setup.cluster();
      if (own != null) {
        own.scale(PODS);
      }
      setup.warmUp();
      setup.measure(second -> {});
      setup.load().resume();
      System.out.println("The page:     " + page.url());
      System.out.println("One request:  curl " + page.url() + "call");
      System.out.println("The service:  " + setup.application().title() + ", " + setup.title());
      System.out.println("Ctrl-C ends it.");
      ended.await();
    }
  }
}
