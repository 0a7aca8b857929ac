package io.steelyard.benchmarks.simulation;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.benchmarks.simulation.Summary.Spread;
import io.steelyard.benchmarks.simulation.Svg.Anchor;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;

/**
 * Pictures of summaries: dots for each strategy and scenario, and lines over time and over the
 * number of clients. What a picture would need and was not played is left out of it.
 */
final class Plots {
  private static final String OURS = "#2b6cb0";
  private static final String PEERS = "#8a8a8a";
  private static final String DEFAULT = "#c2410c";

  /** The strategy of a balancer that is told nothing. */
  static final String THE_DEFAULT = theDefault();

  /** Lines: few enough to be told apart. The names are looked for, with and without ejection. */
  private static final Map<String, String> LINES = new LinkedHashMap<>();

  static {
    LINES.put(THE_DEFAULT, DEFAULT);
    LINES.put("powerOfTwo(inFlight)", OURS);
    LINES.put("leastConnections", "#2f9e6e");
    LINES.put("roundRobin", "#9f7aea");
    LINES.put("Finagle peak EWMA", "#d4a017");
    LINES.put("Dialogue balanced", "#555555");
  }

  private static final int PANEL_WIDTH = 250;
  private static final int PANEL_GAP = 40;
  private static final int NAMES_WIDTH = 170;
  private static final int ROW = 17;

  private Plots() {}

  private static String theDefault() {
    try (Balancer balancer = Balancer.of(Endpoint.of("localhost", 80))) {
      return balancer.policy().strategy().toString();
    }
  }

  /** Writes all that these summaries (by scenario) are enough for. */
  static void write(List<List<Summary>> played, Path directory) throws IOException {
    Files.createDirectories(directory);
    List<List<Summary>> ordinary = new ArrayList<>();
    List<List<Summary>> failing = new ArrayList<>();
    List<List<Summary>> many = new ArrayList<>();
    for (List<Summary> summaries : played) {
      Scenario scenario = summaries.get(0).scenario;
      if (scenario.name.startsWith(Scenarios.MANY)) {
        many.add(summaries);
      } else {
        ordinary.add(summaries);
        if (scenario.failing) {
          failing.add(summaries);
        }
      }
      if (scenario.overTime) {
        save(directory, scenario.name, overTime(summaries));
      }
    }
    if (!ordinary.isEmpty()) {
      save(
          directory,
          "p99",
          dots(ordinary, "p99 latency, ms", result -> result.percentileMillis(99), 1));
    }
    if (!failing.isEmpty()) {
      save(directory, "failed", dots(failing, "failed requests, %", Result::failedPercent, 0.01));
    }
    if (many.size() > 1) {
      save(directory, "many-clients", overClients(many));
    }
  }

  private static void save(Path directory, String name, Svg svg) throws IOException {
    Files.writeString(directory.resolve("simulated-" + name + ".svg"), svg.toString());
  }

  // ---- dots ----

  /**
   * A panel for each scenario, a row for each strategy: the median over the seeds and a line from
   * the least to the most.
   *
   * @param floor values below are drawn there
   */
  private static Svg dots(
      List<List<Summary>> played, String what, ToDoubleFunction<Result> figure, double floor) {
    List<String> names = new ArrayList<>();
    for (String name : Contenders.names()) {
      if (played.stream().anyMatch(summaries -> takesPart(name, summaries))) {
        names.add(name);
      }
    }
    int columns = Math.min(3, played.size());
    int rows = (played.size() + columns - 1) / columns;
    int head = 46;
    int panelHeight = names.size() * ROW + 74;
    int width = NAMES_WIDTH + columns * (PANEL_WIDTH + PANEL_GAP) + 6;
    Svg svg = new Svg(width, head + rows * panelHeight + 4);
    boolean both = played.stream().anyMatch(summaries -> summaries.get(0).scenario.failing);
    svg.text(
        16,
        22,
        what + ": median over seeds, and from least to most",
        Anchor.START,
        14,
        Svg.INK,
        true);
    legend(svg, 16, 39, both);
    for (int i = 0; i < played.size(); i++) {
      double left = NAMES_WIDTH + (i % columns) * (PANEL_WIDTH + PANEL_GAP);
      int panelRow = i / columns;
      double top = head + panelRow * panelHeight;
      if (i % columns == 0) {
        for (int row = 0; row < names.size(); row++) {
          String name = names.get(row);
          svg.text(
              left - 10,
              rowAt(top, row) + 4,
              name,
              Anchor.END,
              11.5,
              Svg.INK,
              name.equals(THE_DEFAULT));
        }
      }
      panel(svg, played.get(i), names, left, top, what, figure, floor);
    }
    return svg;
  }

  private static boolean takesPart(String name, List<Summary> summaries) {
    return summaries.stream().anyMatch(summary -> base(summary.contender).equals(name));
  }

  private static void legend(Svg svg, double x, double y, boolean both) {
    svg.dot(x + 5, y - 4, 4, DEFAULT, false);
    svg.text(x + 15, y, "the default", Anchor.START, 11.5, Svg.INK);
    svg.dot(x + 95, y - 4, 4, OURS, false);
    svg.text(x + 105, y, "Steelyard", Anchor.START, 11.5, Svg.INK);
    svg.dot(x + 180, y - 4, 4, PEERS, false);
    svg.text(x + 190, y, "others' rules", Anchor.START, 11.5, Svg.INK);
    if (both) {
      svg.dot(x + 280, y - 4, 4, Svg.INK, true);
      svg.text(
          x + 290, y, "hollow: without ejection, where requests fail", Anchor.START, 11.5, Svg.INK);
    }
  }

  private static double rowAt(double top, int row) {
    return top + 34 + row * ROW;
  }

  private static void panel(
      Svg svg,
      List<Summary> summaries,
      List<String> names,
      double left,
      double top,
      String what,
      ToDoubleFunction<Result> figure,
      double floor) {
    double least = Double.POSITIVE_INFINITY;
    double most = floor;
    for (Summary summary : summaries) {
      Spread spread = summary.spread(figure);
      least = Math.min(least, Math.max(floor, spread.least()));
      most = Math.max(most, spread.most());
    }
    Axis axis = Axis.log(least * 0.9, Math.max(most, least * 2), left, left + PANEL_WIDTH);
    double bottom = rowAt(top, names.size()) - 4;
    svg.text(left, top + 16, summaries.get(0).scenario.name, Anchor.START, 13, Svg.INK, true);
    double lastLabel = Double.NEGATIVE_INFINITY;
    for (double tick : axis.ticks()) {
      svg.line(axis.at(tick), top + 24, axis.at(tick), bottom, Svg.GRID, 1);
      if (axis.at(tick) - lastLabel > 30) {
        svg.text(axis.at(tick), bottom + 13, Axis.label(tick), Anchor.MIDDLE, 10.5, Svg.FAINT);
        lastLabel = axis.at(tick);
      }
    }
    svg.text(left + PANEL_WIDTH / 2.0, bottom + 27, what, Anchor.MIDDLE, 10.5, Svg.FAINT);
    for (boolean hollow : new boolean[] {true, false}) {
      for (Summary summary : summaries) {
        Contender contender = summary.contender;
        if (hollow != (summary.scenario.failing && contender.stages().isEmpty())) {
          continue;
        }
        int row = names.indexOf(base(contender));
        if (row < 0) {
          continue; // with stages of the scenario's own: in its table alone
        }
        double y = rowAt(top, row);
        String colour = colour(contender);
        Spread spread = summary.spread(figure);
        svg.line(axis.at(spread.least()), y, axis.at(spread.most()), y, colour, 2);
        svg.dot(axis.at(spread.median()), y, hollow ? 3.5 : 4, colour, hollow);
      }
    }
  }

  private static String base(Contender contender) {
    return contender.name().replace(Contender.EJECTING, "");
  }

  private static String colour(Contender contender) {
    return base(contender).equals(THE_DEFAULT) ? DEFAULT : contender.ours() ? OURS : PEERS;
  }

  // ---- lines ----

  private static final class Line {
    final String name;
    final String colour;
    final double[] x;
    final double[] y;

    Line(String name, String colour, double[] x, double[] y) {
      this.name = name;
      this.colour = colour;
      this.x = x;
      this.y = y;
    }
  }

  /** Latency and failures of each second, all seeds together. */
  private static Svg overTime(List<Summary> summaries) {
    Scenario scenario = summaries.get(0).scenario;
    boolean fails = scenario.failing;
    List<Line> latency = new ArrayList<>();
    List<Line> failures = new ArrayList<>();
    for (Map.Entry<String, String> line : LINES.entrySet()) {
      Summary summary = find(summaries, line.getKey() + (fails ? Contender.EJECTING : ""));
      if (summary != null) {
        latency.add(perSecond(summary, line.getValue(), Plots::percentileOfSecond));
        failures.add(perSecond(summary, line.getValue(), Plots::failedOfSecond));
      }
    }
    int width = 880;
    int height = 236;
    Svg svg = new Svg(width, 60 + 2.0 * height);
    svg.text(
        16,
        22,
        scenario.name
            + (fails ? ", all behind ejection" : "")
            + ": each second, all seeds together",
        Anchor.START,
        14,
        Svg.INK,
        true);
    lineLegend(svg, latency, 16, 42);
    double seconds = scenario.seconds;
    lines(svg, latency, 56, height, width, "p99 latency, ms", seconds, true);
    lines(svg, failures, 56 + height, height, width, "failed requests, %", seconds, false);
    return svg;
  }

  private interface OfSecond {
    double figure(List<Result> results, int second);
  }

  private static Line perSecond(Summary summary, String colour, OfSecond figure) {
    int seconds = summary.results.get(0).requestsOfSecond.length;
    double[] x = new double[seconds];
    double[] y = new double[seconds];
    for (int second = 0; second < seconds; second++) {
      x[second] = second + 0.5;
      y[second] = figure.figure(summary.results, second);
    }
    return new Line(base(summary.contender), colour, x, y);
  }

  private static double percentileOfSecond(List<Result> results, int second) {
    Histogram all = new Histogram(results.get(0).microsOfSecond[second]);
    results.forEach(result -> all.add(result.microsOfSecond[second]));
    return all.getTotalCount() == 0 ? Double.NaN : all.getValueAtPercentile(99) / 1e3;
  }

  private static double failedOfSecond(List<Result> results, int second) {
    double failed = results.stream().mapToLong(result -> result.failedOfSecond[second]).sum();
    return 100 * failed / results.stream().mapToLong(r -> r.requestsOfSecond[second]).sum();
  }

  private static @Nullable Summary find(List<Summary> summaries, String name) {
    for (Summary summary : summaries) {
      if (summary.contender.name().equals(name)) {
        return summary;
      }
    }
    return null;
  }

  private static void lineLegend(Svg svg, List<Line> lines, double x, double y) {
    double at = x;
    for (Line line : lines) {
      svg.line(at, y - 4, at + 16, y - 4, line.colour, 2.5);
      svg.text(at + 20, y, line.name, Anchor.START, 11.5, Svg.INK);
      at += 34 + 6.4 * line.name.length();
    }
  }

  private static void lines(
      Svg svg,
      List<Line> lines,
      double top,
      double height,
      double width,
      String what,
      double seconds,
      boolean log) {
    double left = 56;
    double bottom = top + height - 44;
    Axis x = Axis.linear(seconds, left, width - 16);
    double least = Double.POSITIVE_INFINITY;
    double most = log ? 1 : 0.1;
    for (Line line : lines) {
      for (double value : line.y) {
        least = Double.isNaN(value) ? least : Math.min(least, value);
        most = Double.isNaN(value) ? most : Math.max(most, value);
      }
    }
    Axis y =
        log ? Axis.log(least * 0.95, most, bottom, top + 12) : Axis.linear(most, bottom, top + 12);
    for (double tick : x.ticks()) {
      svg.line(x.at(tick), top + 12, x.at(tick), bottom, Svg.GRID, 1);
      svg.text(x.at(tick), bottom + 14, Axis.label(tick), Anchor.MIDDLE, 10.5, Svg.FAINT);
    }
    for (double tick : y.ticks()) {
      svg.line(left, y.at(tick), width - 16, y.at(tick), Svg.GRID, 1);
      svg.text(left - 6, y.at(tick) + 4, Axis.label(tick), Anchor.END, 10.5, Svg.FAINT);
    }
    svg.text(left, top + 4, what, Anchor.START, 11.5, Svg.INK);
    svg.text((left + width - 16) / 2, bottom + 30, "seconds", Anchor.MIDDLE, 10.5, Svg.FAINT);
    for (int i = lines.size() - 1; i >= 0; i--) { // the first on top
      Line line = lines.get(i);
      double[] px = line.x.clone();
      double[] py = line.y.clone();
      for (int k = 0; k < px.length; k++) {
        px[k] = x.at(px[k]);
        py[k] = Double.isNaN(py[k]) ? Double.NaN : y.at(py[k]);
      }
      svg.path(px, py, line.colour, i == 0 ? 2.5 : 1.5, false);
    }
  }

  /** How what a client sees stops helping when there are many clients. */
  private static Svg overClients(List<List<Summary>> many) {
    int width = 900;
    int height = 330;
    Svg svg = new Svg(width, height);
    svg.text(
        16,
        22,
        "A hundred servers at nine tenths of their capacity, and 1, 10, 100 clients",
        Anchor.START,
        14,
        Svg.INK,
        true);
    List<Line> legend = new ArrayList<>();
    panelOverClients(svg, many, legend, 16, "mean latency, ms", Result::meanMillis);
    panelOverClients(
        svg,
        many,
        new ArrayList<>(),
        16 + width / 2.0,
        "requests in flight, busiest server over mean",
        Result::busiest);
    lineLegend(svg, legend, 16, 42);
    return svg;
  }

  private static void panelOverClients(
      Svg svg,
      List<List<Summary>> many,
      List<Line> drawn,
      double left,
      String what,
      ToDoubleFunction<Result> figure) {
    double top = 60;
    double bottom = 280;
    double from = left + 44;
    double to = left + 410;
    Function<Summary, Double> median = summary -> summary.spread(figure).median();
    double most = 0;
    List<Line> lines = new ArrayList<>();
    for (Map.Entry<String, String> entry : LINES.entrySet()) {
      double[] x = new double[many.size()];
      double[] y = new double[many.size()];
      boolean any = false;
      for (int i = 0; i < many.size(); i++) {
        Summary summary = find(many.get(i), entry.getKey());
        x[i] = many.get(i).get(0).scenario.clients;
        y[i] = summary == null ? Double.NaN : median.apply(summary);
        any |= summary != null;
        most = summary == null ? most : Math.max(most, y[i]);
      }
      if (any) {
        lines.add(new Line(entry.getKey(), entry.getValue(), x, y));
      }
    }
    Axis x = Axis.log(1, 100, from + 14, to - 14);
    Axis y = Axis.linear(Math.max(most, 1), bottom, top + 18);
    for (double tick : y.ticks()) {
      svg.line(from, y.at(tick), to, y.at(tick), Svg.GRID, 1);
      svg.text(from - 6, y.at(tick) + 4, Axis.label(tick), Anchor.END, 10.5, Svg.FAINT);
    }
    svg.text(from, top + 8, what, Anchor.START, 11.5, Svg.INK);
    for (List<Summary> summaries : many) {
      int clients = summaries.get(0).scenario.clients;
      svg.text(
          x.at(clients), bottom + 14, Integer.toString(clients), Anchor.MIDDLE, 10.5, Svg.FAINT);
    }
    svg.text((from + to) / 2, bottom + 30, "clients", Anchor.MIDDLE, 10.5, Svg.FAINT);
    for (int i = lines.size() - 1; i >= 0; i--) {
      Line line = lines.get(i);
      double[] px = new double[line.x.length];
      double[] py = new double[line.x.length];
      for (int k = 0; k < px.length; k++) {
        px[k] = x.at(line.x[k]);
        py[k] = Double.isNaN(line.y[k]) ? Double.NaN : y.at(line.y[k]);
      }
      svg.path(px, py, line.colour, i == 0 ? 2.5 : 1.5, false);
      for (int k = 0; k < px.length; k++) {
        if (!Double.isNaN(py[k])) {
          svg.dot(px[k], py[k], 3, line.colour, false);
        }
      }
    }
    drawn.addAll(lines);
  }
}
