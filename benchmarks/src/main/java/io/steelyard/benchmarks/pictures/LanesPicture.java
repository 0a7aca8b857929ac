package io.steelyard.benchmarks.pictures;

import io.steelyard.Attempt;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import io.steelyard.strategy.Strategies;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Locale;
import java.util.SplittableRandom;

/**
 * What is in flight on each pod over time, while one pod is four times as slow as the others and
 * answers one request after the other as they do. The same arrivals under round robin are drawn as
 * a line.
 */
final class LanesPicture {
  private static final int PODS = 5;
  private static final int SLOW = 2;
  private static final int SERVICE_MILLIS = 20;
  private static final int SLOWER = 4;
  private static final double ARRIVALS_PER_MILLI = 0.16; // of .2125 that the five can do
  private static final int MILLIS = 4000;
  private static final double LEFT = 90;
  private static final double RIGHT = 640;
  private static final int LANE = 44;

  /** How many requests in flight fill a lane; what is above is cut off. */
  private static final int LANE_HOLDS = 10;

  private LanesPicture() {}

  static Svg of(String title, Strategy strategy) {
    Run run = new Run(strategy);
    Run turns = new Run(Strategies.roundRobin());
    Svg svg = new Svg(title, 44 + LANE * PODS + 58);
    double scale = (LANE - 8.0) / LANE_HOLDS;
    for (int pod = 0; pod < PODS; pod++) {
      double ground = 44 + (pod + 1) * LANE - 4;
      svg.label(16, ground - 18, "pod " + (char) ('a' + pod));
      if (pod == SLOW) {
        svg.label(16, ground - 3, "4 × slower");
      }
      svg.path(area(run.inFlight[pod], ground, scale), "fill=\"" + Svg.colour(pod) + "\"");
      svg.path(
          line(turns.inFlight[pod], ground, scale),
          "fill=\"none\" stroke=\"#999999\" stroke-width=\"1\"");
      svg.line(LEFT, ground, RIGHT, ground, "stroke=\"#cccccc\"");
      svg.label(RIGHT + 12, ground - 4, run.served[pod] + " requests");
    }
    double bottom = 44 + LANE * PODS;
    svg.label(LEFT, bottom + 12, "0 s");
    svg.labelAtRight(RIGHT, bottom + 12, MILLIS / 1000 + " s");
    svg.label(
        LEFT,
        bottom + 34,
        String.format(
            Locale.ROOT,
            "Filled: requests in flight; they take %d ms in the middle, %d ms at p99.",
            run.percentile(.5),
            run.percentile(.99)));
    svg.label(
        LEFT,
        bottom + 50,
        String.format(
            Locale.ROOT,
            "Grey line: the same requests under round robin, %d ms and %d ms. Lanes hold %d.",
            turns.percentile(.5),
            turns.percentile(.99),
            LANE_HOLDS));
    return svg;
  }

  private static String line(int[] inFlight, double ground, double scale) {
    StringBuilder points = new StringBuilder();
    int before = -1;
    for (int t = 0; t < MILLIS; t++) {
      int now = Math.min(LANE_HOLDS, inFlight[t]);
      double x = LEFT + (RIGHT - LEFT) * t / MILLIS;
      if (before >= 0 && now != before) {
        points.append(point(x, ground - before * scale));
      }
      if (now != before || t == MILLIS - 1) {
        points.append(point(x, ground - now * scale));
      }
      before = now;
    }
    return points.toString();
  }

  private static String area(int[] inFlight, double ground, double scale) {
    return point(LEFT, ground) + line(inFlight, ground, scale) + point(RIGHT, ground);
  }

  private static String point(double x, double y) {
    return Svg.number(x) + "," + Svg.number(y) + " ";
  }

  /** Four seconds of requests, in steps of a millisecond. */
  private static final class Run {
    final int[][] inFlight = new int[PODS][MILLIS];
    final int[] served = new int[PODS];
    private int[] took = new int[0];

    Run(Strategy strategy) {
      SplittableRandom arrivals = new SplittableRandom(11);
      record Request(Attempt attempt, int at) {}
      ArrayDeque<Request>[] queues = queues();
      int[] busyFor = new int[PODS];
      int[] latencies = new int[MILLIS];
      int answered = 0;
      try (Pods pods = new Pods(strategy, "", 1, 1, 1, 1, 1)) {
        for (int t = 0; t < MILLIS; t++) {
          if (arrivals.nextDouble() < ARRIVALS_PER_MILLI) {
            Attempt attempt = pods.begin(PickContext.none());
            queues[pods.indexOf(attempt)].add(new Request(attempt, t));
          }
          for (int pod = 0; pod < PODS; pod++) {
            int service = pod == SLOW ? SERVICE_MILLIS * SLOWER : SERVICE_MILLIS;
            Object head = queues[pod].peek();
            if (head != null && ++busyFor[pod] == service) {
              Request done = (Request) queues[pod].remove();
              done.attempt.success();
              latencies[answered++] = t - done.at + 1;
              served[pod]++;
              busyFor[pod] = 0;
            }
            inFlight[pod][t] = queues[pod].size();
          }
          pods.platform.advance(Duration.ofMillis(1));
        }
        for (ArrayDeque<Request> queue : queues) {
          queue.forEach(request -> request.attempt.cancel());
        }
      }
      took = Arrays.copyOf(latencies, answered);
      Arrays.sort(took);
    }

    int percentile(double share) {
      return took[(int) (share * (took.length - 1))];
    }

    @SuppressWarnings("unchecked")
    private static <T> ArrayDeque<T>[] queues() {
      ArrayDeque<T>[] queues = new ArrayDeque[PODS];
      Arrays.setAll(queues, i -> new ArrayDeque<>());
      return queues;
    }
  }
}
