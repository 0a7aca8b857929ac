package io.steelyard.benchmarks.pictures;

import io.steelyard.Attempt;
import io.steelyard.PickContext;
import io.steelyard.Strategy;
import java.util.ArrayList;
import java.util.List;

/** What is in flight on each pod when a hundred requests come at once, most with one hot key. */
final class BoundPicture {
  private static final int PODS = 6;
  private static final int REQUESTS = 100;
  private static final double LEFT = 90;
  private static final double SCALE = 5.5;
  private static final int LANE = 24;

  private BoundPicture() {}

  static Svg of(String title, Strategy unbound, Strategy bound, double epsilon) {
    Svg svg = new Svg(title, 72 + 2 * (LANE * PODS + 56) - 40);
    draw(svg, 72, unbound + ": 70 of 100 requests at once have one key", unbound, 0);
    int cap = (int) Math.ceil((1 + epsilon) * REQUESTS / PODS);
    draw(svg, 72 + LANE * PODS + 56, bound + ": at most " + cap + " on each", bound, cap);
    return svg;
  }

  private static void draw(Svg svg, double top, String what, Strategy strategy, int cap) {
    int[] hot = new int[PODS];
    int[] rest = new int[PODS];
    List<Attempt> inFlight = new ArrayList<>();
    try (Pods pods = new Pods(strategy, "", 1, 1, 1, 1, 1, 1)) {
      for (int r = 0; r < REQUESTS; r++) {
        boolean isHot = r % 10 < 7;
        Attempt attempt = pods.begin(PickContext.key(isHot ? "popular" : "user-" + r));
        (isHot ? hot : rest)[pods.indexOf(attempt)]++;
        inFlight.add(attempt);
      }
      inFlight.forEach(Attempt::success);
    }
    svg.label(16, top - 12, what);
    for (int pod = 0; pod < PODS; pod++) {
      double y = top + pod * LANE;
      svg.label(16, y + 16, "pod " + (char) ('a' + pod));
      svg.box(LEFT, y + 3, rest[pod] * SCALE, LANE - 6, "#bbbbbb");
      svg.box(LEFT + rest[pod] * SCALE, y + 3, hot[pod] * SCALE, LANE - 6, Svg.colour(pod));
      svg.label(LEFT + (rest[pod] + hot[pod]) * SCALE + 8, y + 16, "" + (rest[pod] + hot[pod]));
    }
    if (cap > 0) {
      double x = LEFT + cap * SCALE;
      svg.line(x, top, x, top + PODS * LANE, "stroke=\"#222222\" stroke-dasharray=\"4 3\"");
    } else {
      svg.label(LEFT, top + PODS * LANE + 14, "coloured: the hot key; grey: the others");
    }
  }
}
