package io.steelyard.examples.demo;

import io.steelyard.stage.Stages;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/** The page, until somebody ends it. */
final class Show {
  private static final int PODS = 5;

  /**
   * Fewer than by default: the default strategy avoids a pod that fails, so that it would take the
   * better part of a minute to fail five times.
   */
  private static final int FAILURES = 3;

  private static final Duration OUT_FOR = Duration.ofSeconds(5);

  private static final long MOST_SECONDS_TO_END = 5;

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
    CountDownLatch cleared = new CountDownLatch(1);
    try (setup;
        Page page = Page.serve(options.listen(), setup, events)) {
      Runtime.getRuntime().addShutdownHook(new Thread(() -> end(ended, cleared), "end"));
      Cluster own = setup.cluster();
      if (own != null) {
        own.scale(PODS);
        setup.warmUp();
      }
      setup.measure(second -> {});
      setup.load().resume();
      System.out.println("The page:     " + page.url());
      System.out.println("One request:  curl " + page.url() + "call");
      System.out.println("The service:  " + setup.application().title() + ", " + setup.title());
      Path kubeconfig = setup.kubeconfig();
      if (kubeconfig != null) {
        System.out.println("Its policy:   export KUBECONFIG=" + kubeconfig);
        System.out.println(
            "              kubectl apply -f examples/kubernetes/policies/round-robin.yaml");
      }
      System.out.println("Ctrl-C ends it.");
      ended.await();
    } finally {
      cleared.countDown();
    }
  }

  /** Lets the main thread put things away before the process ends. */
  private static void end(CountDownLatch ended, CountDownLatch cleared) {
    ended.countDown();
    try {
      if (!cleared.await(MOST_SECONDS_TO_END, TimeUnit.SECONDS)) {
        System.err.println("demo: gave up waiting for the servers to stop");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
