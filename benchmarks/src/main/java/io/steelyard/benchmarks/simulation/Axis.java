package io.steelyard.benchmarks.simulation;

import java.util.ArrayList;
import java.util.List;

/** From values to pixels, with round numbers on the way. What is outside is drawn at the edge. */
final class Axis {
  private final double least;
  private final double most;
  private final double from;
  private final double to;
  private final boolean log;
  private final List<Double> ticks = new ArrayList<>();

  private Axis(double least, double most, double from, double to, boolean log) {
    this.least = least;
    this.most = most;
    this.from = from;
    this.to = to;
    this.log = log;
  }

  /** Zero and up to a round number. */
  static Axis linear(double most, double from, double to) {
    double step = Math.pow(10, Math.floor(Math.log10(most)));
    double tick = most / step > 5 ? 2 * step : most / step > 2 ? step : step / 2;
    double end = Math.ceil(most / tick) * tick;
    Axis axis = new Axis(0, end, from, to, false);
    for (int i = 0; i * tick <= end + tick / 2; i++) {
      axis.ticks.add(i * tick);
    }
    return axis;
  }

  /** Between numbers that begin with 1, 2 or 5; a hundredth over the last is still at its edge. */
  static Axis log(double least, double most, double from, double to) {
    List<Double> round = new ArrayList<>();
    for (int exponent = -4; exponent <= 6; exponent++) {
      for (int digit : new int[] {1, 2, 5}) {
        round.add(digit * Math.pow(10, exponent));
      }
    }
    double start = round.get(0);
    double end = round.get(round.size() - 1);
    for (double candidate : round) {
      if (candidate <= least * 1.0001) {
        start = candidate;
      }
      if (candidate >= most * 0.99) {
        end = candidate;
        break;
      }
    }
    Axis axis = new Axis(start, end, from, to, true);
    for (double candidate : round) {
      if (candidate >= start * 0.999 && candidate <= end * 1.001) {
        axis.ticks.add(candidate);
      }
    }
    return axis;
  }

  List<Double> ticks() {
    return ticks;
  }

  double at(double value) {
    double inside = Math.min(most, Math.max(least, value));
    double part =
        log ? Math.log(inside / least) / Math.log(most / least) : (inside - least) / (most - least);
    return from + part * (to - from);
  }

  /** A tick's label. */
  static String label(double value) {
    return value == Math.rint(value)
        ? Long.toString(Math.round(value))
        : Double.toString(Math.round(value * 10_000) / 10_000.0);
  }
}
