package io.steelyard.examples.demo;

import io.steelyard.Candidates;
import io.steelyard.EndpointStats;
import io.steelyard.NoEndpointException;
import io.steelyard.Reason;
import io.steelyard.Stage;
import io.steelyard.stage.Stages;
import java.io.PrintStream;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/**
 * The script: everything that happens to a service's pods in life, in half a minute and under load,
 * and what the library promises about each, checked.
 */
final class Headless {
  /** The script's length, in the units that a run of {@code --seconds 20} makes a second each. */
  private static final double UNITS = 20;

  /** How long to wait for what takes milliseconds on a machine that has time. */
  private static final Duration PATIENCE = Duration.ofSeconds(15);

  /** How long after a change a pod may still get requests: the promise. */
  private static final Duration SEEN_WITHIN = Duration.ofSeconds(1);

  private static final int PERIODS = 20;

  private static final String POLICY =
      """
      apiVersion: steelyard.io/v1alpha1
      kind: LoadBalancingPolicy
      metadata: {namespace: shop, name: cart}
      spec: {service: cart, strategy: {type: RoundRobin}}
      """;

  private final PrintStream out;
  private final double unit;
  private final Duration backOff;
  private final Events events = new Events(this::line);
  private final Setup setup;
  private final Cluster cluster;
  private final Application application;
  private final Claims claims = new Claims();
  private final Tally calm = new Tally();
  private final Tally killed = new Tally();
  private final long started = System.nanoTime();

  /** Runs the script; says whether every claim holds. */
  static boolean run(Options options) throws Exception {
    Headless script = new Headless(options, System.out);
    try {
      return script.play();
    } finally {
      script.setup.close();
    }
  }

  private Headless(Options options, PrintStream out) throws Exception {
    this.out = out;
    this.unit = options.seconds() / UNITS;
    this.backOff = units(0.8);
    Stage ejection = Stages.ejection(5, backOff, Duration.ofMinutes(5)).panicBelow(0.5);
    this.setup =
        Setup.start(
            options,
            new Cluster.Pace(Duration.ofDays(1), units(2).plus(SEEN_WITHIN), units(0.5)),
            ejection,
            text -> events.add("cluster", text),
            events::snapshot);
    Cluster own = setup.cluster();
    if (own == null) {
      throw new IllegalStateException("the script needs a cluster of its own");
    }
    this.cluster = own;
    this.application = setup.application();
    out.printf(
        Locale.ROOT,
        "%s/%s, %s; %.0f requests/s by %s; an ejected pod is out for %.1f s at first%n",
        Cluster.NAMESPACE,
        Cluster.SERVICE,
        setup.title(),
        options.rate(),
        application.strategy(),
        backOff.toMillis() / 1e3);
    out.println("  time  req/s   p50 ms   p99 ms  lost  requests/s of each pod");
  }

  private boolean play() throws Exception {
    cluster.scale(3);
    usable(3);
    setup.warmUp();
    setup.measure(this::line);
    setup.load().resume();
    pass(2);

    calm.open();
    cluster.scale(5);
    usable(5);
    pass(2);
    slowOne("cart-2");
    calm.close();

    killed.open();
    killOne("cart-3");
    killed.close();

    calm.open();
    drainOne("cart-1");
    cluster.scale(3);
    await("3 endpoints", () -> candidates().size() == 3);
    pass(1);
    weigh("cart-2", "cart-4", "cart-5");
    setup.load().pause();
    calm.close();
    claims.check(
        "no request is lost while scaling, slowing, draining and switching",
        calm.lost == 0,
        calm.lost + " of " + calm.asked() + (calm.lost == 0 ? "" : ": " + calm.why));
    exactShares();
    if (application.follows()) {
      policyOfTheCluster();
    }
    zeroAndBack();

    out.println();
    out.print(claims);
    out.println(
        "  lost around the pod that was killed: "
            + killed.lost
            + " of "
            + killed.asked()
            + (killed.lost == 0 ? "" : ": " + killed.why));
    return claims.allHold();
  }

  /** A slow pod gets less, although nobody has told the balancer that it is slow. */
  private void slowOne(String pod) throws InterruptedException {
    cluster.slow(pod, true);
    pass(1);
    Map<String, Long> before = begun();
    pass(2);
    Map<String, Long> after = begun();
    long all = 0;
    for (Map.Entry<String, Long> count : after.entrySet()) {
      all += count.getValue() - before.getOrDefault(count.getKey(), 0L);
    }
    long its = after.getOrDefault(pod, 0L) - before.getOrDefault(pod, 0L);
    double even = (double) all / after.size();
    cluster.slow(pod, false);
    // Ten times as slow should cost far more than half of the share; the other half is left to the
    // stalls of a busy machine, which make the other pods look slow as well.
    claims.check(
        "a pod 10 times as slow gets less than half of its even share",
        its < even / 2,
        its + " requests, an even share being " + Math.round(even));
  }

  /** A dead pod is found out by its failures alone: the slices go on saying that it is ready. */
  private void killOne(String pod) throws InterruptedException {
    long killedAt = System.nanoTime();
    cluster.kill(pod);
    // Any strategy may avoid a failing pod before it has failed often enough to be ejected; one
    // that
    // cannot makes this quick.
    application.choose(Choice.ROUND_ROBIN);
    await(pod + " ejected", () -> ejected(pod));
    long ejectedAt = System.nanoTime();
    Thread.sleep(20); // those who had chosen it before
    EndpointStats stats = stats(pod);
    long before = stats.begun();
    int mostAtOnce = 0;
    long until = ejectedAt + units(4.5).toNanos();
    while (System.nanoTime() - until < 0) {
      mostAtOnce = Math.max(mostAtOnce, stats.inFlight());
      Thread.sleep(1);
    }
    long probes = stats.begun() - before;
    long periods = backOffPeriods(Duration.ofNanos(System.nanoTime() - ejectedAt));
    claims.check(
        "an ejected pod gets probes only, at most one per back-off period and one at a time",
        probes >= 1 && probes <= periods && mostAtOnce <= 1,
        String.format(
            Locale.ROOT,
            "%d in %d periods, %d at once; ejected %.0f ms after its death",
            probes,
            periods,
            mostAtOnce,
            (ejectedAt - killedAt) / 1e6));
    application.choose(Choice.ADAPTIVE);
    cluster.scale(4); // the dead one goes first
    await(pod + " gone", () -> index(pod) < 0);
  }

  /**
   * How many back-off periods, each twice as long as the one before, have ended after this time.
   */
  private long backOffPeriods(Duration since) {
    long ended = 0;
    // What the ejection took to be seen.
    long left = since.plusMillis(100).toNanos();
    for (long period = backOff.toNanos(); left >= period; period *= 2) {
      left -= period;
      ended++;
    }
    return ended;
  }

  /** A pod that takes leave still serves, but nothing new is sent to it. */
  private void drainOne(String pod) throws InterruptedException {
    EndpointStats stats = stats(pod);
    cluster.drain(pod);
    Thread.sleep(SEEN_WITHIN.toMillis());
    long chosen = stats.begun();
    long arrived = received(pod);
    pass(1.5);
    claims.check(
        "a draining pod gets nothing from a second after the change on",
        stats.begun() == chosen && received(pod) == arrived,
        (stats.begun() - chosen)
            + " sent, "
            + (received(pod) - arrived)
            + " arrived, after "
            + chosen
            + " before");
    await(pod + " gone", () -> index(pod) < 0);
  }

  /** Weights and strategy change under load. */
  private void weigh(String... pods) throws InterruptedException {
    application.choose(Choice.WEIGHTED_ROUND_ROBIN);
    for (int i = 0; i < pods.length; i++) {
      cluster.weight(pods[i], i + 1);
    }
    await(
        "weights 1, 2 and 3",
        () -> {
          Candidates now = candidates();
          for (int i = 0; i < pods.length; i++) {
            int at = index(pods[i]);
            if (at < 0 || now.weight(at) != i + 1) {
              return false;
            }
          }
          return now.size() == pods.length;
        });
    pass(1);
  }

  /** One request after the other, so that none can overtake and the shares must be exact. */
  private void exactShares() throws Exception {
    Map<String, Integer> answers = new TreeMap<>();
    int period = 1 + 2 + 3;
    for (int i = 0; i < PERIODS * period; i++) {
      HttpResponse<String> response = application.call().get(10, TimeUnit.SECONDS);
      answers.merge(response.body().strip(), 1, Integer::sum);
    }
    boolean exact = answers.size() == 3;
    int weight = 1;
    for (int count : answers.values()) {
      exact &= Math.abs(count - weight * PERIODS) <= 1;
      weight++;
    }
    claims.check(
        "weights 1, 2 and 3 give exact shares under weighted round robin",
        exact,
        answers + " after " + PERIODS + " periods");
  }

  /** What is declared in the cluster is followed, under load, and given up with its deletion. */
  private void policyOfTheCluster() throws InterruptedException {
    application.follow();
    String own = Choice.ADAPTIVE.title();
    long before = application.balancer().stats().begun();
    Tally switched = new Tally();
    switched.open();
    setup.load().resume();
    var policies = setup.client().resource(POLICY);
    long applied = System.nanoTime();
    policies.create();
    await("the policy of the cluster", () -> origin().startsWith("policy shop/cart"));
    double millis = (System.nanoTime() - applied) / 1e6;
    String followed = application.strategy();
    pass(1);
    policies.delete();
    await("the builder's policy", () -> origin().startsWith("builder"));
    pass(0.5);
    setup.load().pause();
    switched.close();
    claims.check(
        "a policy in the cluster is followed, and given up when it is deleted, and no request is lost",
        followed.equals("roundRobin")
            && application.strategy().equals(own)
            && switched.lost == 0
            && application.balancer().stats().begun() >= before + switched.answered,
        String.format(
            Locale.ROOT,
            "%s to %s in %.0f ms and back, %d of %d lost",
            own,
            followed,
            millis,
            switched.lost,
            switched.asked()));
  }

  private String origin() {
    return application.balancer().explain().policySource();
  }

  /** Without pods there is an error at once, and with pods again there are answers again. */
  private void zeroAndBack() throws Exception {
    application.choose(Choice.ADAPTIVE);
    cluster.scale(0);
    await("no endpoints", () -> candidates().size() == 0);
    long asked = System.nanoTime();
    String figure = "an answer";
    boolean clear = false;
    try {
      application.call().get(10, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      figure = "no answer for 10 s";
    } catch (ExecutionException e) {
      NoEndpointException said = noEndpoint(e);
      figure = said == null ? String.valueOf(e.getCause()) : "\"" + said.getMessage() + "\"";
      clear = said != null && said.why() == NoEndpointException.Why.EMPTY;
    }
    double millis = (System.nanoTime() - asked) / 1e6;
    // It takes well under a millisecond; a second is what a stalled machine may add.
    claims.check(
        "a service without pods is a clear error within a second",
        clear && millis <= 1_000,
        String.format(Locale.ROOT, "%s after %.1f ms", figure, millis));

    cluster.scale(3);
    usable(3);
    Tally back = new Tally();
    back.open();
    setup.load().resume();
    pass(1.5);
    setup.load().pause();
    back.close();
    claims.check(
        "requests are answered again once there are pods again",
        back.lost == 0 && back.answered > 0,
        back.answered + " answered, " + back.lost + " lost");
  }

  private static @Nullable NoEndpointException noEndpoint(Throwable error) {
    for (Throwable cause = error; cause != null; cause = cause.getCause()) {
      if (cause instanceof NoEndpointException said) {
        return said;
      }
    }
    return null;
  }

  // ---- what the balancer says ----

  private Candidates candidates() {
    return application.balancer().candidates();
  }

  /** The pod's place among the candidates, -1 if it is not there. */
  private int index(String pod) {
    Candidates now = candidates();
    for (int i = 0; i < now.size(); i++) {
      if (Application.podName(now.endpoint(i)).equals(pod)) {
        return i;
      }
    }
    return -1;
  }

  private EndpointStats stats(String pod) {
    return candidates().stats(index(pod));
  }

  private boolean ejected(String pod) {
    int at = index(pod);
    Reason reason = at < 0 ? null : candidates().reason(at);
    return reason != null && reason.text().startsWith("ejected");
  }

  /** Requests begun so far, by pod. */
  private Map<String, Long> begun() {
    Candidates now = candidates();
    Map<String, Long> begun = new TreeMap<>();
    for (int i = 0; i < now.size(); i++) {
      begun.put(Application.podName(now.endpoint(i)), now.stats(i).begun());
    }
    return begun;
  }

  private long received(String pod) {
    return cluster.pods().stream()
        .filter(view -> view.name().equals(pod))
        .mapToLong(Cluster.PodView::received)
        .sum();
  }

  // ---- time and paper ----

  private void usable(int count) throws InterruptedException {
    await(count + " usable endpoints", () -> candidates().usable() == count);
  }

  private void await(String what, BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "no sign of " + what + " for " + PATIENCE.toSeconds() + " s: " + candidates());
      }
      Thread.sleep(2);
    }
  }

  private Duration units(double count) {
    return Duration.ofNanos((long) (count * unit * 1e9));
  }

  private void pass(double count) throws InterruptedException {
    Thread.sleep(units(count).toMillis());
  }

  private double time() {
    return (System.nanoTime() - started) / 1e9;
  }

  private void line(Events.Event event) {
    print(String.format(Locale.ROOT, "%6.1f  %s: %s", time(), event.source(), event.text()));
  }

  private void line(Meter.Sample second) {
    StringBuilder pods = new StringBuilder();
    second
        .pods()
        .forEach((pod, rate) -> pods.append(String.format(Locale.ROOT, "  %s %3.0f", pod, rate)));
    print(
        String.format(
            Locale.ROOT,
            "%6.1f  %5.0f  %7.1f  %7.1f  %4d%s",
            time(),
            second.perSecond(),
            second.p50(),
            second.p99(),
            second.failed(),
            pods));
  }

  private synchronized void print(String line) {
    out.println(line);
  }

  /** What callers saw while it was open. */
  private final class Tally {
    long answered;
    long lost;
    @Nullable String why;
    private long answeredBefore;
    private long lostBefore;

    void open() {
      answeredBefore = setup.meter().answered();
      lostBefore = setup.meter().failed();
    }

    void close() {
      answered += setup.meter().answered() - answeredBefore;
      long more = setup.meter().failed() - lostBefore;
      lost += more;
      if (more > 0) {
        why = setup.meter().lastFailure();
      }
    }

    long asked() {
      return answered + lost;
    }
  }
}
