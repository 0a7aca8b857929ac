package io.steelyard.benchmarks.simulation;

import io.steelyard.benchmarks.simulation.Server.Mood;
import io.steelyard.stage.Stages;
import java.time.Duration;
import java.util.List;

/** The scenarios, in the order in which they are told. */
final class Scenarios {
  /** What the names of {@link #manyClients} begin with. */
  static final String MANY = "many-clients";

  private Scenarios() {}

  static List<Scenario> all() {
    return List.of(
        even(),
        heavyTail(),
        slowOne(),
        slowHalf(),
        weights(),
        coldStart(),
        bursts(),
        sparse(),
        blackHole(),
        fastFailures(),
        strayFailures(),
        partFailures(),
        flapping(),
        rollingRestart(),
        manyClients(1),
        manyClients(10),
        manyClients(100));
  }

  static Scenario even() {
    return new Scenario("even", "Ten equal servers.");
  }

  static Scenario heavyTail() {
    return new Scenario(
            "heavy-tail",
            "Ten equal servers; half of the requests take less than 3 ms, one in a hundred more than 280 ms.")
        .network(0.5, 5)
        .service(ServiceTime.HEAVY_TAIL, 20);
  }

  static Scenario slowOne() {
    return new Scenario("slow-one", "One of ten servers has a third of the speed of the others.")
        .load(0.5)
        .speeds(server -> server == 0 ? 1 / 3.0 : 1)
        .affected(server -> server == 0);
  }

  static Scenario slowHalf() {
    return new Scenario("slow-half", "Five of ten servers have half the speed of the others.")
        .speeds(server -> server < 5 ? 0.5 : 1)
        .affected(server -> server < 5);
  }

  static Scenario weights() {
    return new Scenario(
            "weights",
            "Five of ten servers are three times as fast as the others, and the weights say so: 3 and 1.")
        .speeds(server -> server < 5 ? 1 / 3.0 : 1)
        .weights(server -> server < 5 ? 1 : 3)
        .affected(server -> server < 5);
  }

  static Scenario coldStart() {
    return new Scenario(
            "cold-start",
            "After 5 s three servers join eight; each starts at a tenth of its speed and needs 20 s to warm up.")
        .servers(8, 4)
        .load(0.7)
        .overTime()
        .affected(server -> server >= 8)
        .also(" + slowStart", Stages.slowStart(Duration.ofSeconds(20)))
        .script(
            world ->
                world.at(
                    5,
                    () -> {
                      for (int i = 0; i < 3; i++) {
                        world.join(1, 1).startCold(0.1, 20);
                      }
                      world.publish();
                    }));
  }

  static Scenario bursts() {
    return new Scenario(
            "bursts",
            "In the first tenth of each second eight times as many requests as in the rest.")
        .load(0.25)
        .bursts(8, 1, 0.1);
  }

  static Scenario sparse() {
    return new Scenario(
            "sparse",
            "Sixteen servers of one worker, two of them at a sixteenth of the speed; ten clients, 100 ms a request "
                + "(exponential): a client sends each server one request in two seconds.")
        .servers(16, 1)
        .clients(10)
        .service(ServiceTime.EXPONENTIAL, 100)
        .network(0.5, 30)
        .speeds(server -> server < 2 ? 1 / 16.0 : 1)
        .load(0.6)
        .measured(60, 600)
        .affected(server -> server < 2);
  }

  static Scenario blackHole() {
    return new Scenario(
            "black-hole",
            "From the fifth second on one of ten servers takes requests and never answers.")
        .failing()
        .overTime()
        .affected(server -> server == 0)
        .script(world -> world.at(5, () -> world.server(0).mood(Mood.IS_SILENT)));
  }

  static Scenario fastFailures() {
    return new Scenario(
            "fast-failures",
            "From the fifth second on one of ten servers fails every request after 1 ms.")
        .failing()
        .overTime()
        .affected(server -> server == 0)
        .script(world -> world.at(5, () -> world.server(0).mood(Mood.FAILS)));
  }

  static Scenario strayFailures() {
    return new Scenario(
            "stray-failures",
            "Ten equal servers; three requests in a thousand fail, wherever they go, after the usual time.")
        .strayFailures(0.003);
  }

  static Scenario partFailures() {
    return new Scenario(
            "part-failures",
            "From the fifth second on one of ten servers fails every fifth request, after the usual time.")
        .failing()
        .affected(server -> server == 0)
        .also(" + ejection, outliers", Stages.ejection().panicBelow(0.5), Stages.outliers())
        .script(world -> world.at(5, () -> world.server(0).failing(0.2)));
  }

  static Scenario flapping() {
    return new Scenario(
            "flapping",
            "One of ten servers refuses connections for 3 s, serves for 3 s, and so on.")
        .failing()
        .overTime()
        .affected(server -> server == 0)
        .script(
            world -> {
              for (double at = 3; at < 40; at += 6) {
                world.at(at, () -> world.server(0).mood(Mood.REFUSES));
                world.at(at + 3, () -> world.server(0).mood(Mood.SERVES));
              }
            });
  }

  static Scenario rollingRestart() {
    return new Scenario(
            "rolling-restart",
            "Each 4 s one of ten servers begins to refuse connections; half a second later it is off the list, and "
                + "after 2 s a new one is on it, which starts at a fifth of its speed and needs 5 s to warm up.")
        .failing()
        .overTime()
        .script(
            world -> {
              for (int i = 0; i < 10; i++) {
                int number = i;
                world.at(4 * i, () -> world.server(number).mood(Mood.REFUSES));
                world.at(
                    4 * i + 0.5,
                    () -> {
                      world.leave(world.server(number));
                      world.publish();
                    });
                world.at(
                    4 * i + 2,
                    () -> {
                      world.join(1, 1).startCold(0.2, 5);
                      world.publish();
                    });
              }
            });
  }

  /** A hundred exponential servers at nine tenths of their capacity: textbook's world. */
  static Scenario manyClients(int clients) {
    return new Scenario(
            MANY + "-" + clients,
            "A hundred servers of one worker at nine tenths of their capacity, 10 ms a request (exponential), no "
                + "network; "
                + (clients == 1
                    ? "one client sees everything."
                    : clients + " clients, each of which sees its own."))
        .servers(100, 1)
        .clients(clients)
        .service(ServiceTime.EXPONENTIAL, 10)
        .network(0, 0)
        .load(0.9)
        .measured(6, 12);
  }
}
