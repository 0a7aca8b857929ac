package io.steelyard.benchmarks.simulation;

import io.steelyard.benchmarks.simulation.Summary.Spread;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.ToDoubleFunction;

/** Writes summaries as tables, for a terminal or for Markdown. */
final class Tables {
  private Tables() {}

  private record Column(String heading, ToDoubleFunction<Result> figure) {}

  private static List<Column> columns(Scenario scenario) {
    List<Column> columns = new ArrayList<>();
    columns.add(new Column("mean, ms", Result::meanMillis));
    columns.add(new Column("p50", result -> result.percentileMillis(50)));
    columns.add(new Column("p99", result -> result.percentileMillis(99)));
    columns.add(new Column("p99.9", result -> result.percentileMillis(99.9)));
    columns.add(new Column("busiest/mean", Result::busiest));
    if (scenario.failing || scenario.timeoutNanos > 0) {
      columns.add(new Column("failed, %", Result::failedPercent));
    }
    if (scenario.namesAffected) {
      columns.add(new Column("to affected, %", Result::affectedPercent));
    }
    return columns;
  }

  /** The table of one scenario: one row for each contender. */
  static String of(List<Summary> summaries, boolean markdown) {
    Scenario scenario = summaries.get(0).scenario;
    List<Column> columns = columns(scenario);
    List<List<String>> rows = new ArrayList<>();
    List<String> head = new ArrayList<>(List.of("strategy"));
    columns.forEach(column -> head.add(column.heading));
    rows.add(head);
    for (Summary summary : summaries) {
      List<String> row = new ArrayList<>();
      row.add(markdown ? name(summary.contender) : summary.contender.name());
      for (Column column : columns) {
        row.add(text(summary.spread(column.figure)));
      }
      rows.add(row);
    }
    return markdown ? markdown(scenario, rows) : plain(scenario, rows);
  }

  /** Names of the library's are code. */
  private static String name(Contender contender) {
    String name = contender.name();
    if (!contender.ours()) {
      return name;
    }
    int plus = name.indexOf(" + ");
    return plus < 0 ? "`" + name + "`" : "`" + name.substring(0, plus) + "`" + name.substring(plus);
  }

  private static String markdown(Scenario scenario, List<List<String>> rows) {
    StringBuilder text =
        new StringBuilder("### " + scenario.name + "\n\n" + scenario.text + "\n\n");
    for (int i = 0; i < rows.size(); i++) {
      text.append("| ").append(String.join(" | ", rows.get(i))).append(" |\n");
      if (i == 0) {
        text.append("|---").append("|--:".repeat(rows.get(0).size() - 1)).append("|\n");
      }
    }
    return text.append('\n').toString();
  }

  private static String plain(Scenario scenario, List<List<String>> rows) {
    int[] width = new int[rows.get(0).size()];
    for (List<String> row : rows) {
      for (int c = 0; c < width.length; c++) {
        width[c] = Math.max(width[c], row.get(c).length());
      }
    }
    StringBuilder text = new StringBuilder(scenario.name + ": " + scenario.text + "\n");
    for (List<String> row : rows) {
      StringBuilder line = new StringBuilder();
      for (int c = 0; c < width.length; c++) {
        String cell = row.get(c);
        String gap = " ".repeat(width[c] - cell.length());
        line.append(c == 0 ? cell + gap : "  " + gap + cell);
      }
      text.append(line.toString().stripTrailing()).append('\n');
    }
    return text.append('\n').toString();
  }

  /** The median, and from where to where if that is not the same. */
  private static String text(Spread spread) {
    String median = number(spread.median());
    String least = number(spread.least());
    String most = number(spread.most());
    return least.equals(most) ? median : median + " (" + least + "–" + most + ")";
  }

  /** Three digits. */
  static String number(double value) {
    if (Double.isNaN(value)) {
      return "-";
    }
    double size = Math.abs(value);
    String format = size >= 99.95 ? "%.0f" : size >= 9.995 ? "%.1f" : "%.2f";
    return String.format(Locale.ROOT, format, value);
  }
}
