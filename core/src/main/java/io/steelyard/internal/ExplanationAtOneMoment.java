package io.steelyard.internal;

import io.steelyard.Candidates;
import io.steelyard.Endpoint;
import io.steelyard.Explanation;
import io.steelyard.PickContext;
import io.steelyard.Reason;
import io.steelyard.Topology;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What {@code explain()} returns. */
record ExplanationAtOneMoment(
    String name,
    Topology topology,
    List<Layer> layers,
    String strategy,
    String policySource,
    List<Row> rows,
    @Nullable Endpoint choice,
    @Nullable String problem)
    implements Explanation {

  static ExplanationAtOneMoment of(
      String name,
      Snapshot snapshot,
      String policySource,
      @Nullable String problem,
      long now,
      @Nullable PickContext request,
      @Nullable Endpoint choice) {
    Candidates candidates = snapshot.candidates;
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < candidates.size(); i++) {
      Reason reason = candidates.reason(i);
      rows.add(
          new Row(
              candidates.endpoint(i),
              candidates.weight(i),
              reason == null ? null : reason.describe(now),
              request != null && request.avoids(candidates.endpoint(i)),
              candidates.stats(i).inFlight(),
              candidates.stats(i).latencyNanos(now)));
    }
    String strategy = snapshot.policy.strategy().toString();
    String note = snapshot.strategyNote;
    return new ExplanationAtOneMoment(
        name,
        candidates.topology(),
        snapshot.layers,
        note == null ? strategy : strategy + " (" + note + ")",
        policySource,
        List.copyOf(rows),
        choice,
        problem);
  }

  @Override
  public String toString() {
    StringBuilder text =
        new StringBuilder(name).append(": ").append(rows.size()).append(" discovered (");
    text.append(topology.state());
    if (topology.detail() != null) {
      text.append(", ").append(topology.detail());
    }
    text.append(')');
    for (Layer layer : layers) {
      text.append(" → ").append(layer.usable()).append(' ').append(layer.name());
      if (layer.note() != null) {
        text.append(" [").append(layer.note()).append(']');
      }
    }
    text.append(" → ").append(strategy).append("   [policy: ").append(policySource).append(']');
    if (problem != null) {
      text.append("\n  problem: ").append(problem);
    }
    for (Row row : rows) {
      text.append("\n  ").append(row.endpoint());
      text.append(
          String.format(Locale.ROOT, "  weight %.4g  in flight %d", row.weight(), row.inFlight()));
      if (row.latencyNanos() > 0) {
        text.append(String.format(Locale.ROOT, "  %.3g ms", row.latencyNanos() / 1e6));
      }
      if (row.reason() != null) {
        text.append("  ").append(row.reason());
      }
      if (row.avoided()) {
        text.append("  avoided by this request");
      }
    }
    if (choice != null) {
      text.append("\n  choice: ").append(choice);
    }
    return text.toString();
  }
}
