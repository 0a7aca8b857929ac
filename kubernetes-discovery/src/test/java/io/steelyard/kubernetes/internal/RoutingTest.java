package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Endpoint;
import io.steelyard.kubernetes.internal.SliceUnion.Place;
import io.steelyard.kubernetes.internal.SliceUnion.Result;
import io.steelyard.kubernetes.internal.SliceUnion.Routing;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Which endpoints a client on some node in some zone is to use, and with which weights. */
class RoutingTest {
  private static final Place HERE = new Place("node-1", "eu-1a", true);

  private static SliceUnion.Settings at(Place place) {
    return new SliceUnion.Settings(PortChoice.named("http"), false, false, List.of(), place);
  }

  private static Slice slice(String name, Slice.Entry... entries) {
    return new Slice(
        name,
        "IPv4",
        List.of(new Slice.Port("http", 80, "TCP", null)),
        List.of(entries),
        "2",
        Long.MIN_VALUE);
  }

  private static Slice.Entry pod(String uid, List<String> forZones, List<String> forNodes) {
    return pod(uid, true, false, forZones, forNodes);
  }

  private static Slice.Entry pod(
      String uid,
      boolean ready,
      boolean terminating,
      List<String> forZones,
      List<String> forNodes) {
    return new Slice.Entry(
        "10.0.0." + (uid.charAt(0) - 'a' + 1),
        ready,
        true,
        terminating,
        uid,
        "pod-" + uid,
        "node-9",
        "eu-1c",
        forZones,
        forNodes);
  }

  private static Slice.Entry zoned(String uid, String... zones) {
    return pod(uid, List.of(zones), List.of());
  }

  private static Result union(Place place, Slice... slices) {
    return SliceUnion.union(List.of(slices), at(place));
  }

  private static List<String> uids(Result result) {
    return result.endpoints().stream()
        .map(e -> (e.draining() ? "draining " : "") + e.id().replace(":80", ""))
        .toList();
  }

  @Test
  void without_hints_every_ready_endpoint_is_used() {
    Result result = union(HERE, slice("s", zoned("a"), zoned("b")));
    assertThat(uids(result)).containsExactly("a", "b");
    assertThat(result.routing()).isEqualTo(Routing.ALL);
    assertThat(result.routingDetail()).isNull();
  }

  @Test
  void with_zone_hints_on_all_only_those_for_this_zone_are_used() {
    Result result =
        union(
            HERE,
            slice("s", zoned("a", "eu-1a"), zoned("b", "eu-1b")),
            slice("t", zoned("c", "eu-1b", "eu-1a")));
    assertThat(uids(result)).containsExactly("a", "c");
    assertThat(result.routing()).isEqualTo(Routing.SAME_ZONE);
    assertThat(result.routingDetail())
        .isEqualTo("2 of 3 ready endpoints are hinted for zone eu-1a");
  }

  @Test
  void one_ready_endpoint_without_a_hint_anywhere_in_the_service_makes_all_hints_void() {
    Result result =
        union(HERE, slice("s", zoned("a", "eu-1a"), zoned("b", "eu-1b")), slice("t", zoned("c")));
    assertThat(uids(result)).containsExactly("a", "b", "c");
    assertThat(result.routing()).isEqualTo(Routing.ALL);
    assertThat(result.routingDetail())
        .isEqualTo("hints are there and not followed: 1 of 3 ready endpoints have none");
  }

  @Test
  void an_endpoint_that_is_not_ready_has_no_say_about_hints() {
    Result result =
        union(
            HERE,
            slice(
                "s",
                zoned("a", "eu-1a"),
                zoned("b", "eu-1b"),
                pod("c", false, false, List.of(), List.of()),
                pod("d", false, true, List.of(), List.of())));
    assertThat(uids(result)).containsExactly("a", "draining d");
    assertThat(result.routing()).isEqualTo(Routing.SAME_ZONE);
  }

  @Test
  void hints_for_other_zones_only_are_not_followed() {
    Result result = union(HERE, slice("s", zoned("a", "eu-1b"), zoned("b", "eu-1c")));
    assertThat(uids(result)).containsExactly("a", "b");
    assertThat(result.routingDetail())
        .isEqualTo("hints are there and not followed: none is for zone eu-1a");
  }

  @Test
  void a_client_that_does_not_know_its_zone_uses_all_and_says_so() {
    Result result = union(Place.UNKNOWN, slice("s", zoned("a", "eu-1a"), zoned("b", "eu-1b")));
    assertThat(uids(result)).containsExactly("a", "b");
    assertThat(result.routingDetail())
        .isEqualTo("hints are there and not followed: this client's zone is not known");
  }

  @Test
  void the_clients_zone_is_compared_with_hints_and_not_with_where_endpoints_are() {
    assertThat(uids(union(new Place(null, "eu-1c", true), slice("s", zoned("a", "eu-1a")))))
        .containsExactly("a");
  }

  @Test
  void node_hints_come_before_zone_hints() {
    Slice slice =
        slice(
            "s",
            pod("a", List.of("eu-1a"), List.of("node-1")),
            pod("b", List.of("eu-1a"), List.of("node-2")));
    Result result = union(HERE, slice);
    assertThat(uids(result)).containsExactly("a");
    assertThat(result.routing()).isEqualTo(Routing.SAME_NODE);
    assertThat(result.routingDetail())
        .isEqualTo("1 of 2 ready endpoints are hinted for node node-1");

    Result elsewhere = union(new Place("node-3", "eu-1a", true), slice);
    assertThat(uids(elsewhere)).containsExactly("a", "b");
    assertThat(elsewhere.routing()).isEqualTo(Routing.SAME_ZONE);
  }

  @Test
  void node_hints_alone_that_do_not_name_this_node_are_not_followed() {
    Slice slice = slice("s", pod("a", List.of(), List.of("node-2")));
    assertThat(union(HERE, slice).routingDetail())
        .isEqualTo("hints are there and not followed: none is for node node-1");
    assertThat(union(Place.UNKNOWN, slice).routingDetail())
        .isEqualTo("hints are there and not followed: this client's node is not known");
  }

  @Test
  void hints_can_be_ignored() {
    Result result =
        union(
            new Place("node-1", "eu-1a", false),
            slice("s", zoned("a", "eu-1a"), zoned("b", "eu-1b")));
    assertThat(uids(result)).containsExactly("a", "b");
    assertThat(result.routingDetail()).isEqualTo("hints are there and ignored, as configured");
  }

  @Test
  void when_none_is_ready_the_terminating_ones_are_used_whatever_their_hints() {
    Result result =
        union(
            HERE,
            slice(
                "s",
                pod("a", false, true, List.of("eu-1a"), List.of()),
                pod("b", false, true, List.of("eu-1b"), List.of())));
    assertThat(uids(result)).containsExactly("a", "b");
    assertThat(result.routing()).isEqualTo(Routing.TERMINATING);
  }

  @Test
  void a_pods_own_weight_comes_before_that_of_its_slice() {
    Result result =
        SliceUnion.union(
            List.of(slice("s", zoned("a"), zoned("b"), zoned("c"), zoned("d"))),
            at(HERE),
            Map.of("a", "7", "b", "0", "c", "heavy", "x", "9"));
    assertThat(result.endpoints()).extracting(Endpoint::weight).containsExactly(7, 0, 2, 2);
    assertThat(result.problems().get(SliceUnion.Problem.POD_WEIGHT))
        .isEqualTo(
            "1 pods with a bad weight, taken as their slice's (expected: 0 to 1000000), such as"
                + " \"heavy\" in s");
  }

  @Test
  void addresses_outside_the_allowed_blocks_are_refused() {
    SliceUnion.Settings settings =
        new SliceUnion.Settings(
            PortChoice.named("http"),
            false,
            false,
            List.of(CidrBlock.parse("10.0.0.0/31", "x"), CidrBlock.parse("10.0.0.4", "x")),
            HERE);
    Result result =
        SliceUnion.union(
            List.of(slice("s", zoned("a"), zoned("b"), zoned("c"), zoned("d"))), settings);
    assertThat(uids(result)).containsExactly("a", "d");
    assertThat(result.leftOut()).isEqualTo(2);
    assertThat(result.detail())
        .isEqualTo("2 addresses refused, such as 10.0.0.2 (not among the allowed addresses) in s");
  }
}
