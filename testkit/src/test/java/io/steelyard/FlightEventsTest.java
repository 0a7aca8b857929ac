package io.steelyard;

import static io.steelyard.Fixture.ep;
import static io.steelyard.Fixture.eps;
import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.retry.RetryBudget;
import io.steelyard.retry.RetryPolicy;
import io.steelyard.stage.Stages;
import io.steelyard.strategy.Strategies;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import jdk.jfr.FlightRecorder;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The events of Flight Recorder, from real recordings. */
class FlightEventsTest {
  @TempDir Path folder;

  private static Fixture fixture() {
    return new Fixture(
        eps(3),
        b ->
            b.name("cart")
                .stages(Stages.ejection(3, Duration.ofSeconds(5), Duration.ofSeconds(60)))
                .strategy(Strategies.roundRobin())
                .retry(
                    RetryPolicy.builder()
                        .backoff(Duration.ZERO, Duration.ZERO)
                        .budget(RetryBudget.of(1, 0))
                        .build()));
  }

  private List<RecordedEvent> record(Runnable work) throws IOException {
    try (Recording recording = new Recording()) {
      for (String name : List.of("TopologyUpdate", "Eject", "Recover", "Retry")) {
        recording.enable("io.steelyard." + name);
      }
      recording.start();
      work.run();
      recording.stop();
      Path file = folder.resolve("recording.jfr");
      recording.dump(file);
      List<RecordedEvent> ours = new ArrayList<>();
      for (RecordedEvent event : RecordingFile.readAllEvents(file)) {
        if (event.getEventType().getName().startsWith("io.steelyard.")) {
          ours.add(event);
        }
      }
      return ours;
    }
  }

  private static List<RecordedEvent> named(List<RecordedEvent> events, String name) {
    return events.stream()
        .filter(e -> e.getEventType().getName().equals("io.steelyard." + name))
        .toList();
  }

  @Test
  void lists_ejections_recoveries_and_retries_are_recorded() throws IOException {
    List<RecordedEvent> events =
        record(
            () -> {
              Fixture fixture = fixture();
              fixture.publish(ep("e0"), ep("e1"), ep("e2"), ep("e3"));
              fixture.on("e1", Outcome.FAILURE, 3);
              fixture.settle();
              fixture.platform.advance(Duration.ofSeconds(6));
              fixture.on("e1", Outcome.SUCCESS, 1);
              fixture.settle();
              fixture.publish(ep("e0").withDraining(true), ep("e1"), ep("e2"), ep("e3"));
              fixture.balancer.call(
                  PickContext.none().idempotent(),
                  attempt -> {
                    attempt.end(Outcome.OVERLOADED);
                    return "";
                  });
            });

    List<RecordedEvent> updates = named(events, "TopologyUpdate");
    assertThat(updates).hasSize(3).allMatch(e -> e.getString("balancer").equals("cart"));
    assertThat(updates.stream().map(e -> e.getInt("endpoints"))).containsExactly(3, 4, 4);
    assertThat(updates.get(1).getString("state")).isEqualTo("LIVE");
    assertThat(updates.get(1).getString("changes")).contains("+1 ");

    List<RecordedEvent> ejections = named(events, "Eject");
    assertThat(ejections).hasSize(1); // what drains is no ejection
    assertThat(ejections.get(0).getString("endpoint")).isEqualTo("e1");
    assertThat(ejections.get(0).getString("reason")).isEqualTo("ejected: 3 failures in a row");
    assertThat(ejections.get(0).getInt("usable")).isEqualTo(3);

    List<RecordedEvent> recoveries = named(events, "Recover");
    assertThat(recoveries).hasSize(1);
    assertThat(recoveries.get(0).getString("endpoint")).isEqualTo("e1");
    assertThat(recoveries.get(0).getString("reason")).isEqualTo("probed after an ejection");

    List<RecordedEvent> retries = named(events, "Retry");
    assertThat(retries).hasSize(2);
    RecordedEvent granted = retries.get(0);
    assertThat(granted.getString("outcome")).isEqualTo("OVERLOADED");
    assertThat(granted.getString("failed")).isNotEqualTo(granted.getString("next"));
    assertThat(granted.getInt("attempt")).isEqualTo(2);
    assertThat(granted.getDuration("pause")).isZero();
    assertThat(granted.getBoolean("refused")).isFalse();
    RecordedEvent refused = retries.get(1);
    assertThat(refused.getString("failed")).isEqualTo(granted.getString("next"));
    assertThat(refused.getString("next")).isNull();
    assertThat(refused.getBoolean("refused")).isTrue();
    assertThat(granted.getStackTrace()).isNull();
  }

  @Test
  void what_is_not_enabled_is_not_recorded() throws IOException {
    try (Recording recording = new Recording()) {
      recording.enable("io.steelyard.Retry");
      recording.disable("io.steelyard.TopologyUpdate");
      recording.disable("io.steelyard.Eject");
      recording.disable("io.steelyard.Recover");
      recording.start();
      Fixture fixture = fixture();
      fixture.on("e1", Outcome.FAILURE, 3);
      fixture.settle();
      recording.stop();
      Path file = folder.resolve("none.jfr");
      recording.dump(file);
      assertThat(RecordingFile.readAllEvents(file))
          .noneMatch(e -> e.getEventType().getName().startsWith("io.steelyard."));
    }
    assertThat(FlightRecorder.getFlightRecorder().getEventTypes())
        .anyMatch(type -> type.getName().equals("io.steelyard.Retry"));
  }

  /** Starts a JVM of {@code java.base} and what logging needs, on the class path. */
  @Test
  void a_jvm_without_flight_recorder_runs_all_the_same() throws Exception {
    Process process =
        new ProcessBuilder(
                System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
                "--limit-modules",
                "java.base,java.logging",
                "-cp",
                System.getProperty("java.class.path"),
                WithoutFlightRecorder.class.getName())
            .redirectErrorStream(true)
            .redirectOutput(folder.resolve("output").toFile())
            .start();
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    String output = Files.readString(folder.resolve("output"));
    assertThat(process.exitValue()).as(output).isZero();
    assertThat(output).contains("no jdk.jfr; retries 2");
  }

  static final class WithoutFlightRecorder {
    public static void main(String[] args) {
      Fixture fixture =
          new Fixture(
              eps(3),
              b -> b.retry(RetryPolicy.builder().backoff(Duration.ZERO, Duration.ZERO).build()));
      fixture.publish(eps(4));
      fixture.balancer.call(
          PickContext.none().idempotent(),
          attempt -> {
            attempt.end(Outcome.OVERLOADED);
            return "";
          });
      boolean present = ModuleLayer.boot().findModule("jdk.jfr").isPresent();
      System.out.println(
          (present ? "with" : "no") + " jdk.jfr; retries " + fixture.balancer.stats().retries());
    }
  }
}
