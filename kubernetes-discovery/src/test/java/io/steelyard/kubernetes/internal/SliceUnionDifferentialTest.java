package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Endpoint;
import io.steelyard.kubernetes.internal.SliceUnion.Outcome;
import io.steelyard.kubernetes.internal.SliceUnion.Result;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/**
 * The union against a naive reference, written from kube-proxy's rules without a look at the union:
 * thousands of random services, of few pods and addresses so that everything collides.
 */
class SliceUnionDifferentialTest {
  private static final int CASES = 20_000;

  // Of which the second and third are negative where they are read as signed numbers.
  private static final String UUID_LOW = "7fffffff-ffff-4fff-8fff-ffffffffffff";
  private static final String UUID_MIDDLE = "80000000-0000-4000-7000-000000000000";
  private static final String UUID_HIGH = "80000000-0000-4000-8000-000000000000";

  @Test
  void the_union_says_what_a_naive_reading_of_the_rules_says() {
    long first = Long.getLong("seed", 20260101L);
    int[] routings = new int[SliceUnion.Routing.values().length];
    int[] outcomes = new int[Outcome.values().length];
    int[] sizes = new int[8]; // the last for 7 and more
    for (long seed = first; seed < first + CASES; seed++) {
      Case random = Case.of(new Random(seed));
      SliceUnion.union(random.slices, random.others(), Map.of()); // leaves no trace in the next
      Result result = SliceUnion.union(random.slices, random.settings, random.podWeights);
      Reference expected = new Reference(random);
      assertThat(result.outcome()).as("seed %d: %s", seed, random).isEqualTo(expected.outcome);
      assertThat(texts(result)).as("seed %d: %s", seed, random).isEqualTo(expected.texts);
      assertThat(result.routing().name())
          .as("seed %d: %s", seed, random)
          .isEqualTo(expected.routing);
      routings[result.routing().ordinal()]++;
      outcomes[result.outcome().ordinal()]++;
      sizes[Math.min(7, result.endpoints().size())]++;
    }
    // Every way out is taken often, or the cases prove little.
    assertThat(Arrays.stream(routings).min().orElseThrow())
        .as("routings")
        .isGreaterThan(CASES / 100);
    assertThat(Arrays.stream(outcomes).min().orElseThrow())
        .as("outcomes")
        .isGreaterThan(CASES / 100);
    assertThat(Arrays.stream(sizes, 0, 4).min().orElseThrow())
        .as("sizes")
        .isGreaterThan(CASES / 100);
  }

  private static List<String> texts(Result result) {
    return result.endpoints().stream().map(SliceUnionDifferentialTest::text).toList();
  }

  private static String text(Endpoint e) {
    return e + " w" + e.weight() + " " + e.zone() + "/" + e.node() + (e.draining() ? " out" : "");
  }

  /** A random service as a random client sees it. */
  private record Case(
      List<Slice> slices, SliceUnion.Settings settings, Map<String, String> podWeights) {
    static Case of(Random random) {
      boolean hinted = random.nextInt(3) > 0;
      boolean mixedPorts = random.nextInt(6) == 0;
      int liveliness = random.nextInt(3);
      List<Slice> slices = new ArrayList<>();
      int count = random.nextInt(30) == 0 ? 0 : 1 + random.nextInt(4);
      for (int i = 0; i < count; i++) {
        boolean v6 = random.nextInt(4) == 0;
        List<Slice.Entry> entries = new ArrayList<>();
        int size = random.nextInt(6);
        for (int e = 0; e < size; e++) {
          entries.add(entry(random, v6, hinted, liveliness));
        }
        String port = mixedPorts && random.nextBoolean() ? "web" : "http";
        List<Slice.Port> ports = new ArrayList<>();
        if (random.nextInt(12) > 0) {
          ports.add(new Slice.Port(port, random.nextInt(12) == 0 ? null : 80 + i % 2, "TCP", null));
        }
        if (random.nextInt(8) == 0) {
          ports.add(new Slice.Port("dns", 53, "UDP", null));
        }
        String type = random.nextInt(15) == 0 ? "FQDN" : v6 ? "IPv6" : "IPv4";
        String weight = random.nextInt(3) == 0 ? pick(random, "5", "0", "x", "-1") : null;
        long changed = random.nextInt(3) == 0 ? Long.MIN_VALUE : random.nextInt(3);
        slices.add(new Slice("s" + i, type, ports, entries, weight, changed));
      }
      SliceUnion.Place place =
          new SliceUnion.Place(
              pick(random, null, "n1", "n2"),
              pick(random, null, "z1", "z2"),
              random.nextInt(8) > 0);
      PortChoice port =
          switch (random.nextInt(4)) {
            case 0 -> PortChoice.ONLY;
            case 1 -> PortChoice.numbered(80);
            default -> PortChoice.named("http");
          };
      SliceUnion.Settings settings =
          new SliceUnion.Settings(
              port,
              random.nextBoolean(),
              random.nextInt(4) == 0,
              random.nextInt(6) == 0
                  ? List.of(CidrBlock.parse("10.0.0.0/30", ""), CidrBlock.parse("fd00::/16", ""))
                  : List.of(),
              place);
      Map<String, String> podWeights = new TreeMap<>();
      for (String uid : List.of("u1", "u2", UUID_LOW)) {
        if (random.nextInt(4) == 0) {
          podWeights.put(uid, pick(random, "9", "0", "y"));
        }
      }
      return new Case(slices, settings, podWeights);
    }

    /** Settings by which most endpoints come out differently. */
    SliceUnion.Settings others() {
      return new SliceUnion.Settings(PortChoice.numbered(81), !settings.preferIpv6(), true);
    }

    private static Slice.Entry entry(Random random, boolean v6, boolean hinted, int liveliness) {
      String address =
          v6
              ? pick(random, "fd00::1", "fd00::2", "fd00::3", "::1", "10.0.0.1")
              : pick(
                  random, "10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.9", "127.0.0.1", "x", null);
      int kind = random.nextInt(4);
      boolean ready = liveliness != 0 && kind > 0 || liveliness == 2;
      boolean terminating = random.nextInt(ready ? 20 : 3) == 0 || !ready && random.nextBoolean();
      boolean serving = ready || random.nextInt(3) > 0;
      String uid = pick(random, "u1", "u2", UUID_LOW, UUID_MIDDLE, UUID_HIGH, null);
      return new Slice.Entry(
          address,
          ready,
          serving,
          terminating,
          uid,
          uid == null ? null : "pod-" + uid,
          pick(random, "n1", "n2", null),
          pick(random, "z1", "z2", null),
          hints(random, hinted, "z"),
          hints(random, hinted && random.nextBoolean(), "n"));
    }

    private static List<String> hints(Random random, boolean hinted, String kind) {
      return !hinted || random.nextInt(30) == 0
          ? List.of()
          : random.nextInt(4) == 0
              ? List.of(kind + 2, kind + 3)
              : List.of(kind + (1 + random.nextInt(3)));
    }

    @SafeVarargs
    private static <T> T pick(Random random, T... from) {
      return from[random.nextInt(from.length)];
    }
  }

  /** One endpoint as it stands in one slice. */
  private record Line(Slice slice, Slice.Entry entry, int port) {
    String address() {
      return entry.address();
    }

    String place() {
      return (slice.addressType().equals("IPv6") ? "[" + address() + "]" : address()) + ":" + port;
    }

    String id() {
      return entry.uid() == null ? place() : entry.uid() + ":" + port;
    }
  }

  /** All the rules, one loop each, quadratic where that is simplest. */
  private static final class Reference {
    Outcome outcome = Outcome.ENDPOINTS;
    String routing = "ALL";
    List<String> texts = List.of();

    Reference(Case given) {
      if (given.slices.isEmpty()) {
        outcome = Outcome.NO_SLICES;
        return;
      }
      List<Line> lines = lines(given);
      if (outcome == Outcome.NO_PORT) {
        return;
      }
      lines.removeIf(line -> !acceptable(line, given.settings));
      // An endpoint told twice at one address: the newer telling, then the livelier.
      lines =
          best(lines, (a, b) -> a.place().equals(b.place()) && a.id().equals(b.id()), false, given);
      // One address, several endpoints: the one that stays, then the newer, then the livelier.
      lines = best(lines, (a, b) -> a.place().equals(b.place()), true, given);
      // One pod, several addresses: the preferred family.
      lines = best(lines, (a, b) -> a.id().equals(b.id()), null, given);
      publish(lines, given);
    }

    private List<Line> lines(Case given) {
      PortChoice choice = given.settings.port();
      List<Slice> filled =
          given.slices.stream()
              .filter(s -> !s.addressType().equals("FQDN") && !s.endpoints().isEmpty())
              .toList();
      if (choice.equals(PortChoice.ONLY)) {
        TreeSet<String> names = new TreeSet<>();
        for (Slice slice : filled) {
          for (Slice.Port port : slice.ports()) {
            if (port.protocol().equals("TCP")) {
              names.add(port.name());
            }
          }
        }
        if (names.size() > 1) {
          outcome = Outcome.NO_PORT;
          return List.of();
        }
        choice = names.isEmpty() ? choice : PortChoice.named(names.first());
      }
      List<Line> lines = new ArrayList<>();
      int with = 0;
      for (Slice slice : filled) {
        int number = number(slice, choice);
        if (number > 0) {
          with++;
          for (Slice.Entry entry : slice.endpoints()) {
            lines.add(new Line(slice, entry, number));
          }
        }
      }
      if (with == 0 && !filled.isEmpty()) {
        outcome = Outcome.NO_PORT;
      }
      return lines;
    }

    private static int number(Slice slice, PortChoice choice) {
      if (choice.number() > 0) {
        boolean any = slice.ports().isEmpty();
        for (Slice.Port port : slice.ports()) {
          if (port.protocol().equals("TCP")) {
            any |= port.number() == null || port.number() == choice.number();
          }
        }
        return any ? choice.number() : 0;
      }
      for (Slice.Port port : slice.ports()) {
        if (port.protocol().equals("TCP")
            && port.name().equals(choice.name())
            && port.number() != null) {
          return port.number();
        }
      }
      return 0;
    }

    /** Of the few addresses that there are in these cases. */
    private static boolean acceptable(Line line, SliceUnion.Settings settings) {
      boolean v6 = line.slice().addressType().equals("IPv6");
      String address = line.address();
      if (address == null || address.equals("x") || v6 != address.contains(":")) {
        return false;
      }
      if (address.equals("127.0.0.1") || address.equals("::1")) {
        return settings.loopbackAllowed() && settings.allowed().isEmpty();
      }
      return settings.allowed().isEmpty() || !address.equals("10.0.0.9");
    }

    private interface Same {
      boolean same(Line a, Line b);
    }

    /** Keeps a line if no other of the same is better. */
    private static List<Line> best(
        List<Line> lines, Same same, @Nullable Boolean stay, Case given) {
      List<Line> kept = new ArrayList<>();
      for (Line line : lines) {
        boolean beaten = false;
        for (Line other : lines) {
          if (other != line && same.same(line, other)) {
            int order = order(other, line, stay, given);
            beaten |= order < 0 || (order == 0 && lines.indexOf(other) < lines.indexOf(line));
          }
        }
        if (!beaten) {
          kept.add(line);
        }
      }
      return kept;
    }

    /** Negative if a is better than b. */
    private static int order(Line a, Line b, @Nullable Boolean stay, Case given) {
      List<Comparable<?>> left = rank(a, stay, given);
      List<Comparable<?>> right = rank(b, stay, given);
      for (int i = 0; i < left.size(); i++) {
        @SuppressWarnings("unchecked")
        int order = ((Comparable<Object>) left.get(i)).compareTo(right.get(i));
        if (order != 0) {
          return order;
        }
      }
      return 0;
    }

    private static List<Comparable<?>> rank(Line line, @Nullable Boolean stay, Case given) {
      List<Comparable<?>> rank = new ArrayList<>();
      Slice.Entry entry = line.entry();
      if (stay == null) {
        rank.add(line.slice().addressType().equals("IPv6") != given.settings.preferIpv6());
      } else if (stay) {
        rank.add(entry.terminating());
      }
      rank.add(-Math.max(-1, line.slice().changedMillis())); // "does not say" is the oldest
      rank.add(!entry.ready());
      rank.add(entry.terminating());
      rank.add(!entry.serving());
      rank.add(line.id());
      rank.add(line.address());
      rank.add(line.slice().name());
      rank.add(weight(line, given));
      rank.add("" + entry.zone());
      rank.add("" + entry.node());
      return rank;
    }

    private static int weight(Line line, Case given) {
      String raw = line.slice().weight();
      int weight = raw == null || !raw.matches("[0-9]+") ? 1 : Integer.parseInt(raw);
      String own = line.entry().uid() == null ? null : given.podWeights.get(line.entry().uid());
      return own == null || !own.matches("[0-9]+") ? weight : Integer.parseInt(own);
    }

    private void publish(List<Line> lines, Case given) {
      List<Line> ready = lines.stream().filter(l -> l.entry().ready()).toList();
      List<Line> going =
          lines.stream()
              .filter(l -> !l.entry().ready() && l.entry().serving() && l.entry().terminating())
              .toList();
      List<Line> used = ready;
      SliceUnion.Place place = given.settings.place();
      if (ready.isEmpty()) {
        used = going;
        routing = going.isEmpty() ? "ALL" : "TERMINATING";
      } else if (place.hints()
          && ready.stream().noneMatch(l -> l.entry().forNodes().isEmpty())
          && ready.stream().anyMatch(l -> hints(l.entry().forNodes(), place.node()))) {
        used = ready.stream().filter(l -> hints(l.entry().forNodes(), place.node())).toList();
        routing = "SAME_NODE";
      } else if (place.hints()
          && ready.stream().noneMatch(l -> l.entry().forZones().isEmpty())
          && ready.stream().anyMatch(l -> hints(l.entry().forZones(), place.zone()))) {
        used = ready.stream().filter(l -> hints(l.entry().forZones(), place.zone())).toList();
        routing = "SAME_ZONE";
      }
      Map<String, String> byId = new TreeMap<>();
      for (Line line : used) {
        byId.put(line.id(), text(line, given, false));
      }
      if (!ready.isEmpty()) {
        for (Line line : going) {
          byId.put(line.id(), text(line, given, true));
        }
      }
      texts = List.copyOf(byId.values());
    }

    private static boolean hints(List<String> hints, @Nullable String here) {
      return here != null && hints.contains(here);
    }

    private static String text(Line line, Case given, boolean draining) {
      String id = line.id().equals(line.place()) ? line.id() : line.id() + "@" + line.place();
      Slice.Entry entry = line.entry();
      return id
          + " w"
          + weight(line, given)
          + " "
          + entry.zone()
          + "/"
          + entry.node()
          + (draining ? " out" : "");
    }
  }
}
