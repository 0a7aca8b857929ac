package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Endpoint;
import io.steelyard.kubernetes.internal.SliceUnion.Outcome;
import io.steelyard.kubernetes.internal.SliceUnion.Problem;
import io.steelyard.kubernetes.internal.SliceUnion.Result;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The rules of the union, each by its smallest example. */
class SliceUnionTest {
  private static final SliceUnion.Settings HTTP =
      new SliceUnion.Settings(PortChoice.named("http"), false, false);
  private static final SliceUnion.Settings ONLY =
      new SliceUnion.Settings(PortChoice.ONLY, false, false);

  private static SliceUnion.Settings port(int number) {
    return new SliceUnion.Settings(PortChoice.numbered(number), false, false);
  }

  private static Slice.Port port(String name, Integer number) {
    return new Slice.Port(name, number, "TCP", null);
  }

  private static Slice slice(String name, Slice.Entry... entries) {
    return new Slice(
        name, "IPv4", List.of(port("http", 8080)), List.of(entries), null, Long.MIN_VALUE);
  }

  private static Slice ports(Slice slice, Slice.Port... ports) {
    return new Slice(
        slice.name(),
        slice.addressType(),
        List.of(ports),
        slice.endpoints(),
        slice.weight(),
        slice.changedMillis());
  }

  private static Slice type(Slice slice, String addressType) {
    return new Slice(
        slice.name(),
        addressType,
        slice.ports(),
        slice.endpoints(),
        slice.weight(),
        slice.changedMillis());
  }

  private static Slice weight(Slice slice, String weight) {
    return new Slice(
        slice.name(),
        slice.addressType(),
        slice.ports(),
        slice.endpoints(),
        weight,
        slice.changedMillis());
  }

  private static Slice changed(Slice slice, long millis) {
    return new Slice(
        slice.name(),
        slice.addressType(),
        slice.ports(),
        slice.endpoints(),
        slice.weight(),
        millis);
  }

  private static Slice.Entry entry(
      String address, String uid, boolean ready, boolean serving, boolean terminating) {
    return new Slice.Entry(
        address,
        ready,
        serving,
        terminating,
        uid,
        uid == null ? null : "pod-" + uid,
        "node-1",
        "eu-1a",
        List.of(),
        List.of());
  }

  private static Slice.Entry ready(String address, String uid) {
    return entry(address, uid, true, true, false);
  }

  private static Slice.Entry unready(String address, String uid) {
    return entry(address, uid, false, false, false);
  }

  private static Slice.Entry lingering(String address, String uid) {
    return entry(address, uid, false, true, true);
  }

  private static Slice.Entry gone(String address, String uid) {
    return entry(address, uid, false, false, true);
  }

  private static Result union(SliceUnion.Settings settings, Slice... slices) {
    return SliceUnion.union(List.of(slices), settings);
  }

  private static List<String> texts(Result result) {
    return result.endpoints().stream().map(e -> (e.draining() ? "draining " : "") + e).toList();
  }

  @Test
  void no_slices_is_a_state_of_its_own() {
    assertThat(union(HTTP).outcome()).isEqualTo(Outcome.NO_SLICES);
  }

  @Test
  void a_slice_without_endpoints_and_ports_is_a_service_without_pods() {
    Result result = union(HTTP, ports(slice("a")));
    assertThat(result.outcome()).isEqualTo(Outcome.ENDPOINTS);
    assertThat(result.endpoints()).isEmpty();
    assertThat(result.detail()).isNull();
  }

  @Test
  void an_endpoint_has_all_that_its_slice_says() {
    Slice slice =
        weight(
            ports(
                slice("a", ready("10.0.0.1", "u1")),
                new Slice.Port("http", 8080, "TCP", "kubernetes.io/h2c")),
            "3");
    assertThat(union(HTTP, slice).endpoints())
        .containsExactly(
            Endpoint.builder("u1:8080")
                .host("10.0.0.1")
                .port(8080)
                .weight(3)
                .zone("eu-1a")
                .node("node-1")
                .attribute("pod", "pod-u1")
                .attribute("appProtocol", "kubernetes.io/h2c")
                .build());
  }

  @Test
  void an_endpoint_without_a_pod_is_known_by_its_address() {
    Slice v6 = type(slice("b", ready("2001:DB8::1", null)), "IPv6");
    assertThat(union(HTTP, slice("a", ready("10.0.0.1", null)), v6).endpoints())
        .extracting(Endpoint::id)
        .containsExactly("10.0.0.1:8080", "[2001:db8::1]:8080");
  }

  @Test
  void endpoints_are_sorted_by_id_across_slices() {
    assertThat(
            texts(
                union(
                    HTTP,
                    slice("z", ready("10.0.0.3", "c"), ready("10.0.0.1", "a")),
                    slice("y", ready("10.0.0.2", "b")))))
        .containsExactly("a:8080@10.0.0.1:8080", "b:8080@10.0.0.2:8080", "c:8080@10.0.0.3:8080");
  }

  // Selection

  @Test
  void what_is_not_ready_is_not_published() {
    assertThat(
            texts(
                union(
                    HTTP,
                    slice("a", ready("10.0.0.1", "a"), unready("10.0.0.2", "b")),
                    slice("b", gone("10.0.0.3", "c")))))
        .containsExactly("a:8080@10.0.0.1:8080");
  }

  @Test
  void what_is_terminating_but_serves_is_draining_while_anything_in_the_service_is_ready() {
    Result result =
        union(HTTP, slice("a", lingering("10.0.0.1", "a")), slice("b", ready("10.0.0.2", "b")));
    assertThat(texts(result))
        .containsExactly("draining a:8080@10.0.0.1:8080", "b:8080@10.0.0.2:8080");
    assertThat(result.allTerminating()).isFalse();
  }

  @Test
  void what_is_terminating_but_serves_is_used_when_nothing_in_the_service_is_ready() {
    Result result =
        union(
            HTTP,
            slice("a", lingering("10.0.0.1", "a"), unready("10.0.0.2", "b")),
            slice("b", gone("10.0.0.3", "c")));
    assertThat(texts(result)).containsExactly("a:8080@10.0.0.1:8080");
    assertThat(result.allTerminating()).isTrue();
  }

  @Test
  void all_unready_is_an_empty_list() {
    Result result = union(HTTP, slice("a", unready("10.0.0.1", "a"), gone("10.0.0.2", "b")));
    assertThat(result.outcome()).isEqualTo(Outcome.ENDPOINTS);
    assertThat(result.endpoints()).isEmpty();
    assertThat(result.allTerminating()).isFalse();
  }

  @Test
  void ready_and_terminating_is_ready_as_unready_addresses_may_be_published() {
    assertThat(texts(union(HTTP, slice("a", entry("10.0.0.1", "a", true, true, true)))))
        .containsExactly("a:8080@10.0.0.1:8080");
  }

  // Duplicates

  @Test
  void an_endpoint_that_moves_between_slices_is_one_and_the_newer_description_wins() {
    Slice old = changed(slice("a", ready("10.0.0.1", "a")), 1_000);
    Slice moved = changed(slice("b", lingering("10.0.0.1", "a")), 2_000);
    Slice other = slice("c", ready("10.0.0.9", "z"));
    assertThat(texts(union(HTTP, old, moved, other)))
        .containsExactly("draining a:8080@10.0.0.1:8080", "z:8080@10.0.0.9:8080");
    assertThat(texts(union(HTTP, changed(old, 3_000), moved, other)))
        .containsExactly("a:8080@10.0.0.1:8080", "z:8080@10.0.0.9:8080");
  }

  @Test
  void of_two_descriptions_without_a_time_the_livelier_wins() {
    assertThat(
            texts(
                union(
                    HTTP,
                    slice("a", unready("10.0.0.1", "a")),
                    slice("b", ready("10.0.0.1", "a")))))
        .containsExactly("a:8080@10.0.0.1:8080");
  }

  @Test
  void an_address_handed_to_a_new_pod_is_the_new_pods_while_the_old_one_goes() {
    Slice ghost = changed(slice("a", lingering("10.0.0.1", "old")), 9_000);
    Slice fresh = changed(slice("b", ready("10.0.0.1", "new")), 1_000);
    assertThat(texts(union(HTTP, ghost, fresh))).containsExactly("new:8080@10.0.0.1:8080");
    assertThat(texts(union(HTTP, ghost, slice("b", unready("10.0.0.1", "new"))))).isEmpty();
  }

  @Test
  void one_address_with_two_ports_is_two_endpoints_as_host_network_pods_are() {
    Slice other = ports(slice("b", ready("10.0.0.1", "b")), port("http", 8081));
    assertThat(texts(union(HTTP, slice("a", ready("10.0.0.1", "a")), other)))
        .containsExactly("a:8080@10.0.0.1:8080", "b:8081@10.0.0.1:8081");
  }

  @Test
  void a_dual_stack_pod_is_one_endpoint_of_the_preferred_family() {
    Slice v4 = slice("a", ready("10.0.0.1", "a"), ready("10.0.0.2", "b"));
    Slice v6 = type(slice("b", ready("2001:db8::1", "a"), ready("2001:db8::3", "c")), "IPv6");
    assertThat(texts(union(HTTP, v4, v6)))
        .containsExactly(
            "a:8080@10.0.0.1:8080", "b:8080@10.0.0.2:8080", "c:8080@[2001:db8::3]:8080");
    assertThat(texts(union(new SliceUnion.Settings(HTTP.port(), true, false), v4, v6)))
        .containsExactly(
            "a:8080@[2001:db8::1]:8080", "b:8080@10.0.0.2:8080", "c:8080@[2001:db8::3]:8080");
  }

  @Test
  void a_dual_stack_pod_keeps_its_address_while_the_families_disagree_for_a_moment() {
    Slice v4 = changed(slice("a", unready("10.0.0.1", "a")), 1_000);
    Slice v6 = changed(type(slice("b", ready("2001:db8::1", "a")), "IPv6"), 2_000);
    assertThat(texts(union(HTTP, v4, v6))).isEmpty();
  }

  @Test
  void the_order_of_slices_and_endpoints_never_matters() {
    List<Slice> slices =
        new ArrayList<>(
            List.of(
                changed(slice("a", ready("10.0.0.1", "a"), lingering("10.0.0.2", "b")), 5),
                changed(slice("b", unready("10.0.0.1", "a"), ready("10.0.0.2", "c")), 5),
                changed(slice("c", ready("10.0.0.2", "d"), ready("10.0.0.4", null)), 4),
                weight(slice("d", ready("10.0.0.4", null), ready("10.0.0.2", "c")), "7"),
                type(slice("e", ready("2001:db8::1", "a"), ready("2001:db8::2", "d")), "IPv6"),
                slice("f", ready("10.0.0.5", "a"))));
    Result first = SliceUnion.union(slices, HTTP);
    for (int seed = 0; seed < 200; seed++) {
      Random random = new Random(seed);
      List<Slice> shuffled = new ArrayList<>();
      for (Slice slice : slices) {
        List<Slice.Entry> entries = new ArrayList<>(slice.endpoints());
        Collections.shuffle(entries, random);
        shuffled.add(
            new Slice(
                slice.name(),
                slice.addressType(),
                slice.ports(),
                entries,
                slice.weight(),
                slice.changedMillis()));
      }
      Collections.shuffle(shuffled, random);
      assertThat(SliceUnion.union(shuffled, HTTP)).as("seed %d", seed).isEqualTo(first);
    }
  }

  // Ports

  @Test
  void the_only_port_needs_no_name() {
    assertThat(texts(union(ONLY, ports(slice("a", ready("10.0.0.1", "a")), port("", 80)))))
        .containsExactly("a:80@10.0.0.1:80");
  }

  @Test
  void a_port_may_have_another_number_in_each_slice() {
    Slice other = ports(slice("b", ready("10.0.0.2", "b")), port("http", 9090));
    assertThat(texts(union(ONLY, slice("a", ready("10.0.0.1", "a")), other)))
        .containsExactly("a:8080@10.0.0.1:8080", "b:9090@10.0.0.2:9090");
  }

  @Test
  void several_ports_and_no_choice_is_an_error_that_lists_them() {
    Slice slice =
        ports(slice("a", ready("10.0.0.1", "a")), port("http", 8080), port("admin", 9090));
    Result result = union(ONLY, slice);
    assertThat(result.outcome()).isEqualTo(Outcome.NO_PORT);
    assertThat(result.detail())
        .isEqualTo(
            "no port is chosen and there are several (expected: one of admin=9090, http=8080)");
  }

  @Test
  void an_unknown_name_is_an_error_that_lists_those_there_are() {
    Result result =
        union(
            new SliceUnion.Settings(PortChoice.named("grpc"), false, false),
            slice("a", ready("10.0.0.1", "a")),
            ports(slice("b", ready("10.0.0.2", "b")), port("http", 8081)));
    assertThat(result.outcome()).isEqualTo(Outcome.NO_PORT);
    assertThat(result.detail())
        .isEqualTo("port: grpc (expected: one of http=8080/8081, as the pods have them)");
  }

  @Test
  void a_slice_that_alone_lacks_the_port_is_left_out() {
    Slice other = ports(slice("b", ready("10.0.0.2", "b")), port("web", 8080));
    Result result = union(HTTP, slice("a", ready("10.0.0.1", "a")), other);
    assertThat(texts(result)).containsExactly("a:8080@10.0.0.1:8080");
    assertThat(result.problems()).containsOnlyKeys(Problem.PORT);
    assertThat(result.leftOut()).isEqualTo(1);
  }

  @Test
  void an_empty_slice_says_nothing_of_ports() {
    assertThat(union(new SliceUnion.Settings(PortChoice.named("x"), false, false), slice("a")))
        .satisfies(r -> assertThat(r.outcome()).isEqualTo(Outcome.ENDPOINTS));
  }

  @Test
  void a_number_finds_the_port_of_that_number() {
    Slice slice =
        ports(
            slice("a", ready("10.0.0.1", "a")),
            port("http", 8080),
            new Slice.Port("admin", 9090, "TCP", "http"));
    assertThat(union(port(9090), slice).endpoints())
        .singleElement()
        .satisfies(e -> assertThat(e.attributes()).containsEntry("appProtocol", "http"));
  }

  @Test
  void a_number_that_is_not_listed_is_an_error_as_it_is_likely_the_services_own() {
    Result result = union(port(80), slice("a", ready("10.0.0.1", "a")));
    assertThat(result.outcome()).isEqualTo(Outcome.NO_PORT);
    assertThat(result.detail())
        .isEqualTo("port: 80 (expected: one of http=8080, as the pods have them)");
  }

  @Test
  void a_number_is_taken_as_it_is_where_no_ports_are_listed_or_one_is_any() {
    assertThat(texts(union(port(81), ports(slice("a", ready("10.0.0.1", "a"))))))
        .containsExactly("a:81@10.0.0.1:81");
    assertThat(texts(union(port(81), ports(slice("a", ready("10.0.0.1", "a")), port("any", null)))))
        .containsExactly("a:81@10.0.0.1:81");
  }

  @Test
  void without_ports_only_a_number_helps() {
    Slice slice = ports(slice("a", ready("10.0.0.1", "a")));
    assertThat(union(ONLY, slice).detail())
        .isEqualTo("the slices list no port (expected: port(...) with a number)");
    assertThat(union(HTTP, slice).detail())
        .isEqualTo("port: http (expected: a number, as the slices list no port)");
  }

  @Test
  void a_named_port_without_a_number_is_left_out() {
    Slice any = ports(slice("b", ready("10.0.0.2", "b")), port("http", null));
    assertThat(texts(union(HTTP, slice("a", ready("10.0.0.1", "a")), any)))
        .containsExactly("a:8080@10.0.0.1:8080");
    assertThat(union(HTTP, any).outcome()).isEqualTo(Outcome.NO_PORT);
  }

  @Test
  void ports_of_other_protocols_do_not_count() {
    Slice slice =
        ports(
            slice("a", ready("10.0.0.1", "a")),
            new Slice.Port("quic", 8443, "UDP", null),
            port("https", 8443));
    assertThat(texts(union(ONLY, slice))).containsExactly("a:8443@10.0.0.1:8443");
  }

  // What is left out

  @ParameterizedTest
  @ValueSource(strings = {"example.com", "10.0.0", "", "2001:db8::1", "fe80::1%eth0"})
  void a_malformed_address_costs_only_itself(String address) {
    Result result = union(HTTP, slice("a", ready(address, "x"), ready("10.0.0.1", "a")));
    assertThat(texts(result)).containsExactly("a:8080@10.0.0.1:8080");
    assertThat(result.problems()).containsOnlyKeys(Problem.MALFORMED);
    assertThat(result.leftOut()).isEqualTo(1);
  }

  @Test
  void an_endpoint_without_an_address_costs_only_itself() {
    assertThat(texts(union(HTTP, slice("a", ready(null, "x"), ready("10.0.0.1", "a")))))
        .containsExactly("a:8080@10.0.0.1:8080");
  }

  @ParameterizedTest
  @CsvSource({"IPv4, 127.0.0.1", "IPv4, 169.254.169.254", "IPv6, ::1", "IPv6, ::ffff:127.0.0.1"})
  void an_address_that_could_be_our_own_node_is_refused(String type, String address) {
    Result result = union(HTTP, type(slice("a", ready(address, "a")), type));
    assertThat(result.outcome()).isEqualTo(Outcome.ENDPOINTS);
    assertThat(result.endpoints()).isEmpty();
    assertThat(result.problems()).containsOnlyKeys(Problem.REFUSED);
  }

  @Test
  void loopback_can_be_allowed() {
    SliceUnion.Settings settings = new SliceUnion.Settings(HTTP.port(), false, true);
    assertThat(texts(union(settings, slice("a", ready("127.0.0.2", "a")))))
        .containsExactly("a:8080@127.0.0.2:8080");
  }

  @Test
  void problems_are_counted_by_kind_with_one_example() {
    Result result =
        union(
            HTTP,
            slice("a", ready("127.0.0.2", "b"), ready("127.0.0.1", "a"), ready("10.0.0.1", "c")),
            type(slice("b", ready("example.com", null)), "FQDN"),
            type(slice("c", ready("x", null)), "IPX"));
    assertThat(result.detail())
        .isEqualTo(
            "1 slices of host names left out (expected: IPv4 or IPv6), such as b; "
                + "1 slices of an unknown address type left out (expected: IPv4 or IPv6), such as "
                + "\"IPX\" in c; "
                + "2 addresses refused, such as 127.0.0.1 (loopback) in a");
    assertThat(result.leftOut()).isEqualTo(4);
  }

  @ParameterizedTest
  @CsvSource({"0, 0", "1, 1", "1000000, 1000000"})
  void a_slices_weight_is_that_of_its_endpoints(String label, int weight) {
    assertThat(union(HTTP, weight(slice("a", ready("10.0.0.1", "a")), label)).endpoints())
        .extracting(Endpoint::weight)
        .containsExactly(weight);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "x", "-1", "1.5", "1000001", "99999999999"})
  void a_bad_weight_counts_as_one_and_is_named(String label) {
    Result result = union(HTTP, weight(slice("a", ready("10.0.0.1", "a")), label));
    assertThat(result.endpoints()).extracting(Endpoint::weight).containsExactly(1);
    assertThat(result.problems()).containsOnlyKeys(Problem.WEIGHT);
    assertThat(result.leftOut()).isZero();
  }

  @Test
  void text_of_somebody_elses_making_cannot_break_a_log_line() {
    String evil = "a\nERROR \u202e\"" + "x".repeat(1000);
    String detail = union(HTTP, slice("a", ready(evil, "a"))).detail();
    assertThat(detail).doesNotContain("\n", "\u202e").hasSizeLessThan(200);
  }
}
