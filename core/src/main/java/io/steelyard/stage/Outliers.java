package io.steelyard.stage;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.EndpointStats;
import io.steelyard.Outcome;
import io.steelyard.Reason;
import io.steelyard.Stage;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * See {@link Stages#outliers(int, Duration, Duration, Duration)}.
 *
 * <p>The rules are those of gRPC's outlier detection (gRFC A50, after Envoy): a success rate below
 * the mean by more than 1.9 standard deviations, or more than 85 % failures. The first has no scale
 * of its own: where nine of ten endpoints have answered all of 100 requests and one all but one,
 * that one is three deviations off. So here a rate must be below the mean by five points, too, and
 * by more than chance.
 *
 * <p>Where k of n endpoints fail equally often, and the others never, those are √((n−k)/k)
 * deviations off, whatever the rate: one is found among five or more, two among ten, three among
 * fourteen.
 */
record Outliers(int requests, Duration interval, Duration base, Duration most) implements Stage {
  private static final double DEVIATIONS = 1.9;
  private static final double MOST_FAILURES = 0.85;

  /** A mean of fewer says little; among four, one is never 1.9 deviations off. */
  private static final int FEWEST = 5;

  /** How far below the mean a success rate must be to be worth an endpoint. */
  private static final double POINTS = 0.05;

  /**
   * How many standard errors of a rate are chance. Beyond four there is one normal number in
   * 30,000, and there are a hundred rates in an interval of a large pool.
   */
  private static final double CHANCE = 4;

  /** So many per cent are out at most, but one in any case. */
  private static final int PERCENT_OUT = 10;

  Outliers {
    if (requests < 2) {
      throw new IllegalArgumentException("outliers: requests: " + requests + " (expected: >= 2)");
    }
    if (interval.compareTo(Duration.ofMillis(100)) < 0
        || interval.compareTo(Duration.ofDays(1)) > 0) {
      throw new IllegalArgumentException(
          "outliers: interval: " + interval + " (expected: 100 ms to 1 day)");
    }
    if (base.isNegative() || base.isZero()) {
      throw new IllegalArgumentException("outliers: base: " + base + " (expected: > 0)");
    }
    if (most.compareTo(base) < 0 || most.compareTo(Duration.ofDays(365)) > 0) {
      throw new IllegalArgumentException(
          "outliers: most: " + most + " (expected: base, " + base + ", to 365 days)");
    }
  }

  @Override
  public Candidates apply(Candidates candidates, Context context) {
    long now = context.nanoTime();
    Memory memory = context.memory(() -> new Memory(now + interval.toNanos()));
    Host[] hosts = memory.hosts(candidates);
    for (int i = 0; i < hosts.length; i++) {
      if (hosts[i].isOut() && now - hosts[i].until >= 0) {
        hosts[i].letBack(candidates.stats(i));
      }
    }
    if (now - memory.intervalEnds >= 0) {
      judge(candidates, hosts, now);
      for (int i = 0; i < hosts.length; i++) {
        hosts[i].countFrom(candidates.stats(i));
      }
      memory.intervalEnds = now + interval.toNanos();
    }
    long wake = memory.intervalEnds - now;
    for (Host host : hosts) {
      wake = host.isOut() ? Math.min(wake, host.until - now) : wake;
    }
    context.reevaluateAfter(Duration.ofNanos(Math.max(1, wake)));
    return candidates.exclude(i -> hosts[i].reason);
  }

  /** What an interval says: who goes out, worst first, and who is forgiven an episode. */
  private void judge(Candidates candidates, Host[] hosts, long now) {
    List<Rate> rates = new ArrayList<>();
    int out = 0;
    for (int i = 0; i < hosts.length; i++) {
      if (candidates.endpoint(i).draining() || candidates.endpoint(i).weight() == 0) {
        continue; // what dies with one that goes away says nothing of the others
      }
      if (hosts[i].isOut()) {
        out++;
      } else {
        rates.add(hosts[i].rate(candidates.stats(i)));
      }
    }
    rates.sort(Comparator.comparingDouble(Rate::success));
    Usual usual = Usual.of(rates.stream().filter(rate -> rate.of() >= requests).toList());
    List<Rate> half = rates.stream().filter(rate -> rate.of() >= requests - requests / 2).toList();
    int discovered = candidates.discovered();
    for (Rate rate : half) {
      boolean fails = half.size() >= FEWEST && 1 - rate.success() > MOST_FAILURES;
      boolean isBelow = rate.of() >= requests && usual.isBelow(rate);
      if ((fails || isBelow) && out * 100L < (long) PERCENT_OUT * discovered) {
        rate.host().takeOut(now + outNanos(rate.host()), rate);
        out++;
      }
    }
    for (Host host : hosts) {
      host.forgive();
    }
  }

  /** How long its next episode lasts. */
  private long outNanos(Host host) {
    Duration longer = base.multipliedBy(host.episodes + 1);
    return (longer.compareTo(most) < 0 ? longer : most).toNanos();
  }

  @Override
  public String toString() {
    return "outliers";
  }

  /** The share of successes of one endpoint in an interval. */
  private record Rate(Host host, long successes, long of) {
    double success() {
      return of == 0 ? 1 : successes / (double) of;
    }
  }

  /** What success rates are like. */
  private record Usual(double mean, double deviation, boolean known) {
    static Usual of(List<Rate> rates) {
      double mean = 0;
      for (Rate rate : rates) {
        mean += rate.success() / rates.size();
      }
      double variance = 0;
      for (Rate rate : rates) {
        variance += (rate.success() - mean) * (rate.success() - mean) / rates.size();
      }
      return new Usual(mean, Math.sqrt(variance), rates.size() >= FEWEST);
    }

    boolean isBelow(Rate rate) {
      double chance = Math.sqrt(mean * (1 - mean) / rate.of());
      double most = Math.max(POINTS, Math.max(DEVIATIONS * deviation, CHANCE * chance));
      return known && rate.success() < mean - most;
    }
  }

  /** What is remembered of one endpoint. */
  private static final class Host {
    private long successes;
    private long failures;
    private int episodes;
    private boolean justBack;
    private long until;
    private @Nullable Reason reason;

    Host(EndpointStats stats) {
      countFrom(stats);
    }

    boolean isOut() {
      return reason != null;
    }

    /** What the next rate counts begins now. */
    void countFrom(EndpointStats stats) {
      successes = stats.count(Outcome.SUCCESS);
      failures = failuresOf(stats);
    }

    Rate rate(EndpointStats stats) {
      long good = stats.count(Outcome.SUCCESS) - successes;
      return new Rate(this, good, good + failuresOf(stats) - failures);
    }

    /** Overload is no fault of it, as under {@link Ejection}. */
    private static long failuresOf(EndpointStats stats) {
      return stats.count(Outcome.FAILURE)
          + stats.count(Outcome.TIMEOUT)
          + stats.count(Outcome.UNREACHABLE);
    }

    void takeOut(long until, Rate rate) {
      this.episodes++;
      this.until = until;
      this.reason =
          Reason.of(
                  "outlier: "
                      + (rate.of() - rate.successes())
                      + " of "
                      + rate.of()
                      + " failed"
                      + (episodes > 1 ? ", episode " + episodes : ""))
              .until(until);
    }

    void letBack(EndpointStats stats) {
      reason = null;
      justBack = true;
      countFrom(stats);
    }

    /** Takes an episode back for an interval in use, if it was a whole one. */
    void forgive() {
      if (!isOut() && !justBack && episodes > 0) {
        episodes--;
      }
      justBack = false;
    }
  }

  private static final class Memory {
    private long intervalEnds;
    private Map<String, Host> byId = Map.of();
    private Host[] hosts = {};
    private @Nullable Topology topology;

    Memory(long intervalEnds) {
      this.intervalEnds = intervalEnds;
    }

    /** In the candidates' order. Who leaves and comes back starts afresh. */
    @SuppressWarnings("ReferenceEquality") // the same object until discovery publishes another
    Host[] hosts(Candidates candidates) {
      if (topology != candidates.topology()) {
        Map<String, Host> present = new HashMap<>();
        hosts = new Host[candidates.size()];
        for (int i = 0; i < hosts.length; i++) {
          Host known = byId.get(candidates.endpoint(i).id());
          hosts[i] = known == null ? new Host(candidates.stats(i)) : known;
          present.put(candidates.endpoint(i).id(), hosts[i]);
        }
        byId = present;
        topology = candidates.topology();
      }
      return hosts;
    }
  }
}
