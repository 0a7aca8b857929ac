package io.steelyard.kubernetes.internal;

import io.steelyard.Endpoint;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * From the slices of one service to its endpoints: a pure function, O(n log n). (Endpoints it has
 * made before of the same entries are used again while they are right; nothing else is remembered.)
 *
 * <p>The whole union is computed anew each time. Differences between slices mean nothing: the
 * controller moves endpoints from one to another, reuses names for other content, and shows an
 * endpoint in two places while it does so.
 *
 * <p>The steps, each of which gives the same whatever the order of slices and endpoints:
 *
 * <ol>
 *   <li><b>Read.</b> Every endpoint with a usable address and a port becomes a candidate. What is
 *       unusable is left out alone and named in {@link Result#problems()}.
 *   <li><b>The same thing twice</b> (one address, one target): the newer description wins, by the
 *       slices' last-change-trigger-time.
 *   <li><b>One address, two targets</b> (an IP handed to a new pod while the old one still goes):
 *       the one that is not terminating wins.
 *   <li><b>One pod, two addresses</b> (dual stack): the preferred family wins, even while the other
 *       family's slice is a moment ahead, as changing the address would cost every connection.
 *   <li><b>Weight</b>: the pod's own if there is one, else the slice's.
 *   <li><b>Selection</b>, as kube-proxy does it (KEP-1669): those that are ready; the ones that are
 *       terminating but still serve come along as draining. If the whole service has none ready,
 *       those that are terminating but still serve are used.
 *   <li><b>Hints</b>, as kube-proxy does it (KEP-2433, KEP-3015): see {@link Routing}. They say
 *       which of the ready ones this client is to use. Draining ones are not touched, and nor is
 *       the choice among terminating ones, which is a last resort.
 * </ol>
 */
public final class SliceUnion {
  private SliceUnion() {}

  /**
   * What the result depends on besides the slices.
   *
   * @param allowed where addresses may lie; anywhere if it is empty
   * @param place where this client runs, for hints
   */
  public record Settings(
      PortChoice port,
      boolean preferIpv6,
      boolean loopbackAllowed,
      List<CidrBlock> allowed,
      Place place) {
    public Settings {
      allowed = List.copyOf(allowed);
    }

    Settings(PortChoice port, boolean preferIpv6, boolean loopbackAllowed) {
      this(port, preferIpv6, loopbackAllowed, List.of(), Place.UNKNOWN);
    }
  }

  /**
   * Where this client runs, as far as is known.
   *
   * @param hints whether hints are followed at all
   */
  public record Place(@Nullable String node, @Nullable String zone, boolean hints) {
    /** Hints are followed, but there is nothing to follow them by. */
    public static final Place UNKNOWN = new Place(null, null, true);
  }

  /** Which of the service's endpoints are used. */
  public enum Routing {
    /** Every one that is ready. */
    ALL,
    /** Those hinted for this client's zone: every ready one has such a hint, and one names it. */
    SAME_ZONE,
    /** Those hinted for this client's node: every ready one has such a hint, and one names it. */
    SAME_NODE,
    /** Those that are terminating but still serve, as none is ready. */
    TERMINATING
  }

  /** What the slices amount to. */
  public enum Outcome {
    /** The endpoints are what the service has, even if there are none. */
    ENDPOINTS,
    /** There are no slices: there is no such service, or it has no selector and nobody fills it. */
    NO_SLICES,
    /** There are endpoints, but it cannot be told which port of theirs is meant. */
    NO_PORT
  }

  /** Why part of what the slices say is left out. */
  public enum Problem {
    FQDN("slices of host names left out (expected: IPv4 or IPv6)"),
    ADDRESS_TYPE("slices of an unknown address type left out (expected: IPv4 or IPv6)"),
    MALFORMED("addresses left out that are no literals of their slice's type"),
    REFUSED("addresses refused"),
    PORT("slices left out that lack the port"),
    WEIGHT("slices with a bad weight, taken as 1 (expected: 0 to " + Endpoint.MAX_WEIGHT + ")"),
    POD_WEIGHT(
        "pods with a bad weight, taken as their slice's (expected: 0 to "
            + Endpoint.MAX_WEIGHT
            + ")");

    private final String text;

    Problem(String text) {
      this.text = text;
    }
  }

  /**
   * What the slices amount to.
   *
   * @param endpoints sorted by id, ids unique; empty unless the outcome is {@link
   *     Outcome#ENDPOINTS}
   * @param detail for people: why there is no port, or which problems there are
   * @param problems a sentence for each kind there is
   * @param leftOut how many endpoints the problems cost
   * @param routing which endpoints are used
   * @param routingDetail why hints that are there are not followed, or how many endpoints they
   *     cost; null where there are none
   */
  public record Result(
      Outcome outcome,
      List<Endpoint> endpoints,
      @Nullable String detail,
      Map<Problem, String> problems,
      int leftOut,
      Routing routing,
      @Nullable String routingDetail) {

    /** Whether endpoints that are going away are used because no other is ready. */
    public boolean allTerminating() {
      return routing == Routing.TERMINATING;
    }
  }

  /** Computes what these slices amount to. */
  public static Result union(Collection<Slice> slices, Settings settings) {
    return union(slices, settings, Map.of());
  }

  /**
   * Computes what these slices amount to.
   *
   * @param podWeights the raw weights of pods that have one, by uid
   */
  public static Result union(
      Collection<Slice> slices, Settings settings, Map<String, String> podWeights) {
    if (slices.isEmpty()) {
      return new Result(Outcome.NO_SLICES, List.of(), null, Map.of(), 0, Routing.ALL, null);
    }
    Problems problems = new Problems();
    List<Slice> usable = new ArrayList<>(slices.size());
    for (Slice slice : slices) {
      switch (slice.addressType()) {
        case "IPv4", "IPv6" -> usable.add(slice);
        case "FQDN" -> problems.add(Problem.FQDN, slice.endpoints().size(), slice.name(), slice);
        default -> {
          String type = "\"" + slice.addressType() + "\"";
          problems.add(Problem.ADDRESS_TYPE, slice.endpoints().size(), type, slice);
        }
      }
    }
    PortChoice choice = settings.port();
    if (choice.equals(PortChoice.ONLY)) {
      TreeSet<String> names = new TreeSet<>();
      for (Slice slice : usable) {
        if (!slice.endpoints().isEmpty()) {
          ports(slice).forEach(p -> names.add(p.name()));
        }
      }
      if (names.size() > 1) {
        String detail =
            "no port is chosen and there are several (expected: one of " + listed(usable);
        return noPort(detail + ")", problems);
      }
      if (!names.isEmpty()) {
        choice = PortChoice.named(names.first());
      }
    }
    List<Candidate> candidates = new ArrayList<>();
    boolean ported = false;
    boolean portless = false;
    for (Slice slice : usable) {
      if (slice.endpoints().isEmpty()) {
        continue;
      }
      Slice.Port port = choose(slice, choice);
      if (port == null) {
        portless = true;
        problems.add(Problem.PORT, slice.endpoints().size(), describe(slice), slice);
        continue;
      }
      ported = true;
      read(slice, port, settings, podWeights, problems, candidates);
    }
    if (portless && !ported) {
      return noPort(missing(choice, usable), problems);
    }
    return select(distinct(candidates, settings), settings.place(), problems);
  }

  private static Result noPort(String detail, Problems problems) {
    problems.remove(Problem.PORT); // the detail says it better
    return new Result(
        Outcome.NO_PORT,
        List.of(),
        detail,
        problems.sentences(),
        problems.leftOut,
        Routing.ALL,
        null);
  }

  private static String missing(PortChoice choice, List<Slice> slices) {
    String listed = listed(slices);
    if (listed.isEmpty()) {
      return choice.equals(PortChoice.ONLY)
          ? "the slices list no port (expected: port(...) with a number)"
          : "port: " + choice + " (expected: a number, as the slices list no port)";
    }
    return "port: " + choice + " (expected: one of " + listed + ", as the pods have them)";
  }

  /** Every port there is, as {@code admin=9090, http=8080}. */
  private static String listed(List<Slice> slices) {
    TreeMap<String, TreeSet<Integer>> ports = new TreeMap<>();
    for (Slice slice : slices) {
      if (!slice.endpoints().isEmpty()) {
        for (Slice.Port port : ports(slice)) {
          TreeSet<Integer> numbers = ports.computeIfAbsent(port.name(), n -> new TreeSet<>());
          if (port.number() != null) {
            numbers.add(port.number());
          }
        }
      }
    }
    List<String> texts = new ArrayList<>();
    ports.forEach(
        (name, numbers) -> {
          String text = name.isEmpty() ? "(no name)" : name;
          for (Integer number : numbers) {
            text += (number.equals(numbers.first()) ? "=" : "/") + number;
          }
          texts.add(text);
        });
    return String.join(", ", texts);
  }

  private static String describe(Slice slice) {
    String listed = listed(List.of(slice));
    return listed.isEmpty() ? "it lists none" : "it lists " + listed;
  }

  /** The ports one can connect to: a service may offer one number over TCP and UDP. */
  private static List<Slice.Port> ports(Slice slice) {
    List<Slice.Port> tcp = new ArrayList<>(slice.ports().size());
    for (Slice.Port port : slice.ports()) {
      if (port.protocol().equals("TCP")) {
        tcp.add(port);
      }
    }
    return tcp;
  }

  /** The port to use in this slice, its number set; null if the slice does not have it. */
  private static Slice.@Nullable Port choose(Slice slice, PortChoice choice) {
    List<Slice.Port> ports = ports(slice);
    if (choice.number() > 0 && slice.ports().isEmpty()) {
      return new Slice.Port("", choice.number(), "TCP", null);
    }
    Slice.Port any = null;
    for (Slice.Port port : ports) {
      Integer number = port.number();
      if (choice.number() > 0) {
        if (number == null) {
          any = new Slice.Port(port.name(), choice.number(), "TCP", port.appProtocol());
        } else if (number == choice.number()) {
          return port;
        }
      } else if (port.name().equals(choice.name()) && valid(number)) {
        return port;
      }
    }
    return any;
  }

  private static boolean valid(@Nullable Integer number) {
    return number != null && number >= 1 && number <= 65535;
  }

  private static void read(
      Slice slice,
      Slice.Port port,
      Settings settings,
      Map<String, String> podWeights,
      Problems problems,
      List<Candidate> candidates) {
    String label = slice.weight();
    int sliceWeight = label == null ? 1 : weight(label, Problem.WEIGHT, slice, 1, problems);
    boolean ipv6 = slice.addressType().equals("IPv6");
    int number = Objects.requireNonNull(port.number());
    for (Slice.Entry entry : slice.endpoints()) {
      String text = entry.address();
      IpLiteral address = text == null ? null : IpLiteral.parse(text);
      if (address == null || address.isIpv6() != ipv6) {
        problems.add(Problem.MALFORMED, 1, text == null ? "none" : quoted(text), slice);
        continue;
      }
      String objection = address.objection(settings.loopbackAllowed());
      if (objection == null && !allowed(address, settings.allowed())) {
        objection = "not among the allowed addresses";
      }
      if (objection != null) {
        problems.add(Problem.REFUSED, 1, address + " (" + objection + ")", slice);
        continue;
      }
      Endpoint made = entry.made;
      String host;
      String id;
      if (made != null && made.port() == number) {
        host = made.host();
        id = made.id();
      } else {
        String canonical = address.toString();
        host = text != null && text.equals(canonical) ? text : canonical; // one object
        id = (entry.uid() == null ? written(host) : entry.uid()) + ":" + number;
      }
      int weight = sliceWeight;
      String uid = podWeights.isEmpty() ? null : entry.uid();
      String own = uid == null ? null : podWeights.get(uid);
      if (own != null) {
        weight = weight(own, Problem.POD_WEIGHT, slice, sliceWeight, problems);
      }
      long place = address.key() << 16 ^ number;
      candidates.add(
          new Candidate(id, place, host, number, port.appProtocol(), weight, entry, slice));
    }
  }

  private static String written(String host) {
    return host.indexOf(':') >= 0 ? "[" + host + "]" : host;
  }

  /** Text of somebody else's making, fit for one line of a log. */
  private static String quoted(String text) {
    StringBuilder safe = new StringBuilder("\"");
    for (int i = 0; i < Math.min(text.length(), 64); i++) {
      char c = text.charAt(i);
      safe.append(c >= ' ' && c < 127 && c != '"' ? c : '?');
    }
    return safe.append(text.length() > 64 ? "…\"" : "\"").toString();
  }

  private static boolean allowed(IpLiteral address, List<CidrBlock> blocks) {
    if (blocks.isEmpty()) {
      return true;
    }
    for (CidrBlock block : blocks) {
      if (block.contains(address)) {
        return true;
      }
    }
    return false;
  }

  private static int weight(
      String text, Problem problem, Slice slice, int otherwise, Problems problems) {
    try {
      int weight = Integer.parseInt(text);
      if (weight >= 0 && weight <= Endpoint.MAX_WEIGHT) {
        return weight;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    problems.add(problem, 0, quoted(text), slice);
    return otherwise;
  }

  /**
   * An endpoint that may be published.
   *
   * @param placeKey of host and port: another place has another one, nearly always
   */
  private record Candidate(
      String id,
      long placeKey,
      String host,
      int port,
      @Nullable String appProtocol,
      int weight,
      Slice.Entry entry,
      Slice slice) {

    String place() {
      return written(host) + ":" + port;
    }

    boolean ipv6() {
      return slice.addressType().equals("IPv6");
    }

    boolean ready() {
      return entry.ready();
    }

    boolean lingering() {
      return !entry.ready() && entry.serving() && entry.terminating();
    }

    /** The one made of this entry before if it is still right, so that most are made once. */
    Endpoint toEndpoint(boolean draining) {
      Endpoint made = entry.made;
      if (made == null || !isRight(made, draining)) {
        made = make(draining);
        entry.made = made;
      }
      return made;
    }

    private boolean isRight(Endpoint made, boolean draining) {
      return made.id().equals(id)
          && made.port() == port
          && made.weight() == weight
          && made.draining() == draining
          && Objects.equals(made.attributes().get("appProtocol"), appProtocol);
    }

    private Endpoint make(boolean draining) {
      Endpoint.Builder builder =
          Endpoint.builder(id)
              .host(host)
              .port(port)
              .weight(weight)
              .zone(entry.zone())
              .node(entry.node())
              .draining(draining);
      if (entry.pod() != null) {
        builder.attribute("pod", entry.pod());
      }
      if (appProtocol != null) {
        builder.attribute("appProtocol", appProtocol);
      }
      return builder.build();
    }
  }

  // Better first. What is left when all else is equal differs in nothing that is published but
  // zone, node or weight; the slice's name then decides, so that the answer is always the same.
  private static final Comparator<Candidate> LIVELIER =
      Comparator.comparing(Candidate::ready)
          .reversed()
          .thenComparing(c -> c.entry().terminating())
          .thenComparing(c -> !c.entry().serving())
          .thenComparing(Candidate::id)
          .thenComparing(Candidate::host)
          .thenComparing(c -> c.slice().name())
          .thenComparing(Candidate::weight)
          .thenComparing(c -> String.valueOf(c.entry().zone()))
          .thenComparing(c -> String.valueOf(c.entry().node()))
          .thenComparing(c -> String.valueOf(c.entry().pod()));

  private static final Comparator<Candidate> NEWER =
      Comparator.comparingLong((Candidate c) -> c.slice().changedMillis())
          .reversed()
          .thenComparing(LIVELIER);

  private static final Comparator<Candidate> STAYING =
      Comparator.comparing((Candidate c) -> c.entry().terminating()).thenComparing(NEWER);

  // The order of the ids as texts; those that begin with a UUID are compared by its numbers.
  private static final Comparator<Candidate> BY_ID =
      (a, b) -> {
        boolean uuids = a.entry().hasUuid() && b.entry().hasUuid();
        int order = uuids ? a.entry().compareUuid(b.entry()) : 0;
        return order != 0 ? order : a.id().compareTo(b.id());
      };

  /** What is left of those that share an address or an id, sorted by id. */
  private static List<Candidate> distinct(List<Candidate> all, Settings settings) {
    List<Candidate> sorted = new ArrayList<>(all);
    sorted.sort(BY_ID);
    if (repeatsAnId(sorted) || mayRepeatAPlace(sorted)) {
      sorted = new ArrayList<>(settled(all, settings));
      sorted.sort(BY_ID);
    }
    return sorted;
  }

  private static boolean repeatsAnId(List<Candidate> sorted) {
    for (int i = 1; i < sorted.size(); i++) {
      if (BY_ID.compare(sorted.get(i - 1), sorted.get(i)) == 0) {
        return true;
      }
    }
    return false;
  }

  /** A set of numbers, as one of texts would have to write them all first. */
  private static boolean mayRepeatAPlace(List<Candidate> candidates) {
    int capacity = Integer.highestOneBit(candidates.size() + 1) * 4; // a half full at most
    long[] places = new long[capacity];
    for (Candidate candidate : candidates) {
      long place = candidate.placeKey() == 0 ? 1 : candidate.placeKey(); // 0 is an empty slot
      int slot = (int) ((place * 0x9e3779b97f4a7c15L) >>> 32) & (capacity - 1);
      while (places[slot] != 0) {
        if (places[slot] == place) {
          return true;
        }
        slot = (slot + 1) & (capacity - 1);
      }
      places[slot] = place;
    }
    return false;
  }

  private static Collection<Candidate> settled(List<Candidate> all, Settings settings) {
    Map<String, Candidate> things = new HashMap<>();
    for (Candidate candidate : all) {
      String key = candidate.place() + " " + candidate.id();
      things.merge(key, candidate, (a, b) -> NEWER.compare(a, b) <= 0 ? a : b);
    }
    Map<String, Candidate> places = new HashMap<>();
    for (Candidate candidate : things.values()) {
      places.merge(candidate.place(), candidate, (a, b) -> STAYING.compare(a, b) <= 0 ? a : b);
    }
    Comparator<Candidate> preferred =
        Comparator.comparing((Candidate c) -> c.ipv6() != settings.preferIpv6())
            .thenComparing(NEWER);
    Map<String, Candidate> endpoints = new HashMap<>();
    for (Candidate candidate : places.values()) {
      endpoints.merge(candidate.id(), candidate, (a, b) -> preferred.compare(a, b) <= 0 ? a : b);
    }
    return endpoints.values();
  }

  private static Result select(Collection<Candidate> candidates, Place place, Problems problems) {
    int ready = 0;
    for (Candidate candidate : candidates) {
      ready += candidate.ready() ? 1 : 0;
    }
    Hints hints = Hints.judge(candidates, ready, place);
    List<Endpoint> endpoints = new ArrayList<>(candidates.size());
    for (Candidate candidate : candidates) {
      if (candidate.ready() ? hints.select(candidate.entry()) : candidate.lingering()) {
        endpoints.add(candidate.toEndpoint(ready > 0 && !candidate.ready()));
      }
    }
    Map<Problem, String> sentences = problems.sentences();
    return new Result(
        Outcome.ENDPOINTS,
        List.copyOf(endpoints),
        sentences.isEmpty() ? null : String.join("; ", sentences.values()),
        sentences,
        problems.leftOut,
        ready == 0 && !endpoints.isEmpty() ? Routing.TERMINATING : hints.routing(),
        hints.detail());
  }

  /**
   * What the hints of the ready endpoints come to. They hold for a service as a whole or not at
   * all: one endpoint without a hint, as while a rollout is under way, and following the others
   * would send it nothing and overload the rest.
   */
  private record Hints(Routing routing, Place place, @Nullable String detail) {
    static Hints judge(Collection<Candidate> candidates, int ready, Place place) {
      int forNodes = 0;
      int forZones = 0;
      int onNode = 0;
      int inZone = 0;
      for (Candidate candidate : candidates) {
        if (candidate.ready()) {
          List<String> nodes = candidate.entry().forNodes();
          List<String> zones = candidate.entry().forZones();
          forNodes += nodes.isEmpty() ? 0 : 1;
          forZones += zones.isEmpty() ? 0 : 1;
          onNode += place.node() != null && nodes.contains(place.node()) ? 1 : 0;
          inZone += place.zone() != null && zones.contains(place.zone()) ? 1 : 0;
        }
      }
      if (forNodes + forZones == 0) {
        return new Hints(Routing.ALL, place, null);
      }
      if (!place.hints()) {
        return new Hints(Routing.ALL, place, "hints are there and ignored, as configured");
      }
      if (forNodes == ready && onNode > 0) {
        return followed(Routing.SAME_NODE, place, onNode, ready, "node " + place.node());
      }
      if (forZones == ready && inZone > 0) {
        return followed(Routing.SAME_ZONE, place, inZone, ready, "zone " + place.zone());
      }
      return new Hints(Routing.ALL, place, whyNot(place, ready, forNodes, forZones));
    }

    private static Hints followed(
        Routing routing, Place place, int used, int ready, String hintedFor) {
      String detail = used + " of " + ready + " ready endpoints are hinted for " + hintedFor;
      return new Hints(routing, place, detail);
    }

    private static String whyNot(Place place, int ready, int forNodes, int forZones) {
      String why;
      if (forNodes < ready && forZones < ready) {
        why = ready - Math.max(forNodes, forZones) + " of " + ready + " ready endpoints have none";
      } else if (forZones == ready && place.zone() == null) {
        why = "this client's zone is not known";
      } else if (forZones < ready && place.node() == null) {
        why = "this client's node is not known";
      } else {
        why =
            forZones == ready
                ? "none is for zone " + place.zone()
                : "none is for node " + place.node();
      }
      return "hints are there and not followed: " + why;
    }

    boolean select(Slice.Entry entry) {
      return switch (routing) {
        case SAME_NODE -> entry.forNodes().contains(place.node());
        case SAME_ZONE -> entry.forZones().contains(place.zone());
        default -> true;
      };
    }
  }

  /** Counts problems by kind and keeps one example of each, the same whatever their order. */
  private static final class Problems {
    private final EnumMap<Problem, Integer> counts = new EnumMap<>(Problem.class);
    private final EnumMap<Problem, String> examples = new EnumMap<>(Problem.class);
    private int leftOut;

    void add(Problem problem, int endpoints, String what, Slice slice) {
      leftOut += endpoints;
      counts.merge(problem, 1, Integer::sum);
      String example = problem == Problem.FQDN ? slice.name() : what + " in " + slice.name();
      examples.merge(problem, example, (a, b) -> a.compareTo(b) <= 0 ? a : b);
    }

    void remove(Problem problem) {
      counts.remove(problem);
      examples.remove(problem);
    }

    Map<Problem, String> sentences() {
      Map<Problem, String> sentences = new EnumMap<>(Problem.class);
      counts.forEach(
          (problem, count) ->
              sentences.put(
                  problem, count + " " + problem.text + ", such as " + examples.get(problem)));
      return sentences;
    }
  }
}
