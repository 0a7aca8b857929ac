package io.steelyard.benchmarks.pictures;

import io.steelyard.PickContext;
import java.util.Locale;

/**
 * Which pod each of 360 keys goes to, before and after a change of the list. A key that moved has a
 * white dot.
 */
final class KeysPicture {
  private static final int KEYS = 360;
  private static final int COLUMNS = 60;
  private static final double LEFT = 16;
  private static final double CELL = 12;

  private KeysPicture() {}

  static Svg of(String title, Pods pods, String change, int... after) {
    int rows = KEYS / COLUMNS;
    double second = 62 + rows * CELL + 34;
    Svg svg = new Svg(title, (int) (second + rows * CELL + 34));
    int before = pods.size();
    int[] homes = homes(pods);
    svg.label(LEFT, 52, KEYS + " keys on " + before + " pods");
    draw(svg, 60, homes, homes);
    pods.publish(after);
    int[] moved = homes(pods);
    svg.label(LEFT, second - 8, change);
    draw(svg, second, moved, homes);
    int left = 0;
    int joined = 0;
    int others = 0;
    for (int k = 0; k < KEYS; k++) {
      if (moved[k] != homes[k]) {
        if (homes[k] >= after.length || after[homes[k]] == 0) {
          left++;
        } else if (moved[k] >= before) {
          joined++;
        } else {
          others++;
        }
      }
    }
    String to =
        joined == 0 ? "" : String.format(Locale.ROOT, "%d to the pod that joined, ", joined);
    String from = left == 0 ? "" : String.format(Locale.ROOT, "%d of the pod that left, ", left);
    svg.label(
        LEFT,
        second + rows * CELL + 20,
        String.format(Locale.ROOT, "Moved: %s%s%d others.", from, to, others));
    return svg;
  }

  private static int[] homes(Pods pods) {
    int[] homes = new int[KEYS];
    for (int k = 0; k < KEYS; k++) {
      homes[k] = pods.send(PickContext.key("user-" + k));
    }
    return homes;
  }

  private static void draw(Svg svg, double top, int[] homes, int[] before) {
    for (int k = 0; k < KEYS; k++) {
      double x = LEFT + k % COLUMNS * CELL;
      double y = top + k / COLUMNS * CELL;
      svg.box(x, y, CELL - 1, CELL - 1, Svg.colour(homes[k]));
      if (homes[k] != before[k]) {
        svg.dot(x + (CELL - 1) / 2, y + (CELL - 1) / 2, 2.5, "#ffffff");
      }
    }
  }
}
