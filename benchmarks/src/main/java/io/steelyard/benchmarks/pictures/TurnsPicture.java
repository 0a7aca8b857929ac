package io.steelyard.benchmarks.pictures;

import io.steelyard.PickContext;
import java.time.Duration;
import java.util.Locale;

/** Which pod each request goes to, one after the other: a lane for each pod. */
final class TurnsPicture {
  private static final double LEFT = 90;
  private static final double RIGHT = 640;
  private static final int LANE = 24;

  private TurnsPicture() {}

  /**
   * @param gap the time between two requests
   * @param below what stands under the lanes
   */
  static Svg of(String title, Pods pods, int[] weights, int requests, Duration gap, String below) {
    Svg svg = new Svg(title, 44 + LANE * weights.length + 34);
    double step = (RIGHT - LEFT) / requests;
    int[] counts = new int[weights.length];
    for (int lane = 0; lane < weights.length; lane++) {
      double y = 44 + lane * LANE;
      svg.label(
          16, y + 16, "pod " + pods.name(lane) + (equal(weights) ? "" : ", " + weights[lane]));
      svg.box(LEFT, y + 2, RIGHT - LEFT, LANE - 4, "#f4f4f4");
    }
    for (int r = 0; r < requests; r++) {
      int pod = pods.send(PickContext.none());
      counts[pod]++;
      double inset = step > 6 ? 1 : 0;
      svg.box(
          LEFT + r * step + inset,
          44 + pod * LANE + 2,
          step - 2 * inset,
          LANE - 4,
          Svg.colour(pod));
      pods.platform.advance(gap);
    }
    for (int lane = 0; lane < weights.length; lane++) {
      svg.label(
          RIGHT + 12,
          44 + lane * LANE + 16,
          String.format(
              Locale.ROOT, "%d (%.0f %%)", counts[lane], 100.0 * counts[lane] / requests));
    }
    svg.label(LEFT, 44 + LANE * weights.length + 20, below);
    return svg;
  }

  private static boolean equal(int[] weights) {
    for (int weight : weights) {
      if (weight != weights[0]) {
        return false;
      }
    }
    return true;
  }
}
