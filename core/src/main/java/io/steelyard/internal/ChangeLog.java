package io.steelyard.internal;

import io.steelyard.Balancer;
import io.steelyard.Candidates;
import io.steelyard.Explanation;
import io.steelyard.Reason;
import io.steelyard.Topology;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Writes what changed between two snapshots: a line for a new topology, one for endpoints in and
 * out, one for notes.
 */
final class ChangeLog {
  private static final Logger log = LoggerFactory.getLogger(Balancer.class);

  /** Endpoints named in one line; the rest are counted. */
  private static final int NAMED = 5;

  private ChangeLog() {}

  static void log(String name, Snapshot before, Snapshot after) {
    if (!log.isInfoEnabled()) {
      return;
    }
    Topology topologyBefore = before.candidates.topology();
    Topology topology = after.candidates.topology();
    if (!topology.equals(topologyBefore)) {
      String detail = topology.detail() == null ? "" : ", " + topology.detail();
      log.info(
          "{}: {} ({}{})", name, topology.changesSince(topologyBefore), topology.state(), detail);
    }
    logInAndOut(name, before.candidates, after.candidates);
    logNotes(name, before.layers, after.layers);
    if (!before.policy.equals(after.policy)) {
      log.info("{}: policy {}", name, after.policy);
    }
  }

  private static void logInAndOut(String name, Candidates before, Candidates after) {
    Map<String, Boolean> usableBefore = new HashMap<>();
    for (int i = 0; i < before.size(); i++) {
      usableBefore.put(before.endpoint(i).id(), before.weight(i) > 0);
    }
    List<String> out = new ArrayList<>();
    List<String> back = new ArrayList<>();
    for (int i = 0; i < after.size(); i++) {
      String id = after.endpoint(i).id();
      Boolean was = usableBefore.get(id);
      Reason reason = after.reason(i);
      if (was != null && was && after.weight(i) == 0) {
        out.add(id + (reason == null ? "" : " (" + reason + ")"));
      } else if (was != null && !was && after.weight(i) > 0) {
        back.add(id + (reason == null ? "" : " (" + reason + ")"));
      }
    }
    if (!out.isEmpty() || !back.isEmpty()) {
      log.info(
          "{}: out: {}; back: {}; usable: {} of {}",
          name,
          some(out),
          some(back),
          after.usable(),
          after.size());
    }
  }

  private static void logNotes(
      String name, List<Explanation.Layer> before, List<Explanation.Layer> after) {
    for (Explanation.Layer layer : after) {
      boolean saidBefore = false;
      for (Explanation.Layer earlier : before) {
        saidBefore |= earlier.name().equals(layer.name()) && earlier.note() != null;
      }
      if (layer.note() != null && !saidBefore) {
        log.warn("{}: {}: {}", name, layer.name(), layer.note());
      }
    }
  }

  private static String some(List<String> names) {
    if (names.isEmpty()) {
      return "none";
    }
    String shown = String.join(", ", names.subList(0, Math.min(NAMED, names.size())));
    return names.size() <= NAMED ? shown : shown + " and " + (names.size() - NAMED) + " more";
  }
}
