package io.steelyard.benchmarks.simulation;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.RandomSource;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.testkit.ManualDiscovery;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Plays one scenario: clients with real balancers, servers, and the queue of what happens.
 *
 * <p>Time is the {@link VirtualPlatform}'s: before each event the clock is moved to it, and what
 * the balancers had scheduled until then (an ejection's end) runs on the way. Arrivals, the client
 * of each and the work it brings come from one source of random numbers, and the balancers' choices
 * from another, so that all contenders are given the same requests.
 */
final class World {
  private static final int SAMPLES = 4_000;

  final Scenario scenario;
  final Result result;
  private final VirtualPlatform platform;
  private final ManualDiscovery discovery = new ManualDiscovery();
  private final EventQueue queue = new EventQueue();
  private final RandomSource chance;
  private final List<Server> everyServer = new ArrayList<>();
  private final List<Server> listed = new ArrayList<>();
  private final List<Client> clients = new ArrayList<>();
  private final long measureFrom;
  private final long measureUntil;

  private World(Scenario scenario, long seed) {
    this.scenario = scenario;
    this.platform = new VirtualPlatform().random(Chance.source(seed, 1));
    this.chance = Chance.source(seed, 2);
    this.measureFrom = nanos(scenario.warmUpSeconds);
    this.measureUntil = measureFrom + nanos(scenario.seconds);
    this.result = new Result(scenario, measureFrom, measureUntil);
  }

  /** Plays it and returns what was measured. Equal arguments, equal results. */
  static Result play(Scenario scenario, Contender contender, long seed) {
    World world = new World(scenario, seed);
    world.setUp(contender);
    world.run();
    return world.result;
  }

  private void setUp(Contender contender) {
    for (int i = 0; i < scenario.servers; i++) {
      join(scenario.speed(i), scenario.weight(i));
    }
    publish();
    Stage[] stages = contender.stages().toArray(Stage[]::new);
    for (int i = 0; i < scenario.clients; i++) {
      Strategy strategy = contender.strategy().get();
      Balancer balancer =
          Balancer.builder(discovery)
              .name("client-" + i)
              .platform(platform)
              .stages(stages)
              .strategy(strategy)
              .build();
      clients.add(new Client(this, balancer, strategy));
    }
    scenario.script.play(this);
    queue.add(scenario.arrivals().next(0, chance), this::arrive, 0);
    queue.add(measureFrom, this::sample, 0);
  }

  private void run() {
    while (!queue.isEmpty()) {
      long wait = queue.nextAt() - platform.nanoTime();
      if (wait > 0) {
        platform.advance(Duration.ofNanos(wait));
      }
      queue.happen();
    }
    clients.forEach(Client::close);
  }

  private void arrive(int step) {
    long next = scenario.arrivals().next(now(), chance);
    if (next < measureUntil) {
      queue.add(next, this::arrive, 0);
    }
    Client client = clients.get(chance.nextInt(clients.size()));
    double work = scenario.serviceTime.draw(chance) * scenario.meanNanos;
    boolean fails = scenario.strayFailures > 0 && chance.nextDouble() < scenario.strayFailures;
    client.send(work, fails);
  }

  /** Looks at what is in flight everywhere. */
  private void sample(int step) {
    int most = 0;
    int sum = 0;
    for (int i = 0; i < listed.size(); i++) {
      int here = listed.get(i).inFlight;
      most = Math.max(most, here);
      sum += here;
    }
    result.load(most, (double) sum / listed.size());
    long next = now() + (measureUntil - measureFrom) / SAMPLES;
    if (next < measureUntil) {
      queue.add(next, this::sample, 0);
    }
  }

  // ---- for what happens in it ----

  long now() {
    return platform.nanoTime();
  }

  /** Lets a step happen after a delay. */
  void in(long nanos, Event event, int step) {
    queue.add(now() + nanos, event, step);
  }

  /** The server behind an endpoint; its number stands in the port. */
  Server server(Endpoint endpoint) {
    return everyServer.get(endpoint.port() - 1);
  }

  // ---- for scenarios ----

  /** Lets something happen so many seconds after measuring has begun. */
  void at(double seconds, Runnable what) {
    queue.add(measureFrom + nanos(seconds), step -> what.run(), 0);
  }

  /** The server of this number, in the order they joined. */
  Server server(int number) {
    return everyServer.get(number);
  }

  /** Adds a server; discovery learns of it with {@link #publish}. */
  Server join(double speed, int weight) {
    int number = everyServer.size();
    Endpoint endpoint =
        Endpoint.builder("pod-" + number).host("10.0.0.1").port(number + 1).weight(weight).build();
    Server server = new Server(this, endpoint, scenario.workers, speed);
    everyServer.add(server);
    listed.add(server);
    return server;
  }

  /** Takes a server off the list; discovery learns of it with {@link #publish}. */
  void leave(Server server) {
    listed.remove(server);
  }

  /** Tells every client the list as it is now. */
  void publish() {
    discovery.publish(listed.stream().map(server -> server.endpoint).toArray(Endpoint[]::new));
  }

  static long nanos(double seconds) {
    return Math.round(seconds * 1e9);
  }
}
