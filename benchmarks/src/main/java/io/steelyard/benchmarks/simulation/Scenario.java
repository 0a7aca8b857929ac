package io.steelyard.benchmarks.simulation;

import io.steelyard.Stage;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.function.IntToDoubleFunction;
import java.util.function.IntUnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * A world on paper. Made by setters that return it, and not changed after that.
 *
 * <p>Unless it says otherwise: 10 servers of 4 workers, 20 ms a request in the mean (lognormal, σ =
 * 1), a network of 0.5 ms each way, 5 clients that give up after 1 s and do not try again, and
 * Poisson arrivals that take 60 % of what all servers together can do. 10 s pass before anything is
 * measured, and 40 s are measured.
 */
final class Scenario {
  /** What happens in it beside requests. */
  @FunctionalInterface
  interface Script {
    /** Called once, before time starts. */
    void play(World world);
  }

  final String name;
  final String text;
  int servers = 10;
  int workers = 4;
  int clients = 5;
  ServiceTime serviceTime = ServiceTime.LOGNORMAL;
  double meanNanos = 20e6;
  long networkNanos = 500_000;
  long timeoutNanos = 1_000_000_000;
  double load = 0.6;
  double warmUpSeconds = 10;
  double seconds = 40;
  double strayFailures;
  boolean failing;
  boolean weighted;
  boolean overTime;

  /** What some contenders have before them as well, and what is added to their names then. */
  List<Stage> stages = List.of();

  String stagesName = "";
  IntPredicate affected = server -> false;
  boolean namesAffected;
  Script script = world -> {};
  private IntToDoubleFunction speeds = server -> 1;
  private IntUnaryOperator weights = server -> 1;
  private double burstFactor = 1;
  private double burstPeriod = 1;
  private double burstLength = 1;
  private @Nullable Arrivals arrivals;

  /**
   * A scenario.
   *
   * @param name for the command line and the heading
   * @param text a sentence that says what is special
   */
  Scenario(String name, String text) {
    this.name = name;
    this.text = text;
  }

  /** Sets how many servers there are and how many requests each works on at once. */
  Scenario servers(int servers, int workers) {
    this.servers = servers;
    this.workers = workers;
    return this;
  }

  Scenario clients(int clients) {
    this.clients = clients;
    return this;
  }

  /** Sets how long a request takes on a server of speed 1. */
  Scenario service(ServiceTime serviceTime, double meanMillis) {
    this.serviceTime = serviceTime;
    this.meanNanos = meanMillis * 1e6;
    return this;
  }

  /** Sets the way's length, one way, and when clients give up; 0 for never. */
  Scenario network(double millis, double timeoutSeconds) {
    this.networkNanos = Math.round(millis * 1e6);
    this.timeoutNanos = World.nanos(timeoutSeconds);
    return this;
  }

  /** Sets the arrivals, as a share of what all servers together can do in the mean. */
  Scenario load(double load) {
    this.load = load;
    return this;
  }

  /** Lets the load be so many times higher for {@code length} seconds of each {@code period}. */
  Scenario bursts(double factor, double period, double length) {
    this.burstFactor = factor;
    this.burstPeriod = period;
    this.burstLength = length;
    return this;
  }

  Scenario measured(double warmUpSeconds, double seconds) {
    this.warmUpSeconds = warmUpSeconds;
    this.seconds = seconds;
    return this;
  }

  Scenario speeds(IntToDoubleFunction speeds) {
    this.speeds = speeds;
    return this;
  }

  /** Sets the weights that endpoints declare: whoever knows them is compared too. */
  Scenario weights(IntUnaryOperator weights) {
    this.weights = weights;
    this.weighted = true;
    return this;
  }

  /** Says that requests fail in it, so that contenders take part with and without ejection. */
  Scenario failing() {
    this.failing = true;
    return this;
  }

  /** Lets this share of all requests fail, wherever they go, after the usual time. */
  Scenario strayFailures(double share) {
    this.strayFailures = share;
    return this;
  }

  /** Keeps figures for each second. */
  Scenario overTime() {
    this.overTime = true;
    return this;
  }

  /** Says which servers it is about: how much they get is told. */
  Scenario affected(IntPredicate affected) {
    this.affected = affected;
    this.namesAffected = true;
    return this;
  }

  /** Lets some contenders take part with these stages, too. */
  Scenario also(String name, Stage... stages) {
    this.stagesName = name;
    this.stages = List.of(stages);
    return this;
  }

  Scenario script(Script script) {
    this.script = script;
    return this;
  }

  double speed(int server) {
    return speeds.applyAsDouble(server);
  }

  int weight(int server) {
    return weights.applyAsInt(server);
  }

  /** Arrivals a second, outside of bursts. */
  double rate() {
    double speed = 0;
    for (int i = 0; i < servers; i++) {
      speed += speed(i);
    }
    return load * speed * workers * 1e9 / meanNanos;
  }

  Arrivals arrivals() {
    Arrivals made = arrivals;
    if (made == null) {
      made =
          burstFactor == 1
              ? Arrivals.steady(rate())
              : Arrivals.bursts(rate(), burstFactor * rate(), burstPeriod, burstLength);
      arrivals = made;
    }
    return made;
  }

  @Override
  public String toString() {
    return name;
  }
}
