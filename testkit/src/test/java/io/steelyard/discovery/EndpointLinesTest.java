package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Endpoint;
import io.steelyard.testkit.Seeds;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class EndpointLinesTest {
  @Test
  void everything_a_line_can_say() {
    EndpointLines lines =
        EndpointLines.read(
            """
            \uFEFF# shop/cart

            10.0.0.7:8080
            \t10.0.0.8:8080   weight=3 zone=eu-1a\t # the large one
            [2001:db8::7]:8080 id=cart-2 node=n7 draining=true zone=a#b
            cart.example.com:80 weight=0 draining=false
            """);
    assertThat(lines.problems()).isEmpty();
    assertThat(lines.endpoints())
        .containsExactly(
            Endpoint.of("10.0.0.7", 8080),
            Endpoint.of("10.0.0.8", 8080).toBuilder().weight(3).zone("eu-1a").build(),
            Endpoint.builder("cart-2")
                .host("2001:db8::7")
                .port(8080)
                .node("n7")
                .zone("a#b")
                .draining(true)
                .build(),
            Endpoint.of("cart.example.com", 80).withWeight(0));
  }

  @Test
  void lines_end_as_anywhere_and_the_last_need_not() {
    assertThat(EndpointLines.read("a:1\r\nb:2\rc:3\nd:4").endpoints())
        .extracting(Endpoint::id)
        .containsExactly("a:1", "b:2", "c:3", "d:4");
  }

  @Test
  void a_bad_line_is_left_out_alone_and_named_with_what_was_expected() {
    EndpointLines lines =
        EndpointLines.read(
            """
            a:1
            a
            b:70000
            b:2 weight=-1
            b:2 weight=many
            b:2 wieght=3
            b:2 weight
            b:2 zone=
            b:2 weight=1 weight=2
            b:2 draining=yes
            http://b:2
            ::1:80
            c:3 id=a:1
            d:4
            """);
    assertThat(lines.endpoints()).extracting(Endpoint::id).containsExactly("a:1", "d:4");
    assertThat(lines.problems())
        .containsExactly(
            "line 2: endpoint: \"a\" (expected: host:port, such as 10.0.0.7:8080)",
            "line 3: endpoint: \"b:70000\" (expected: host:port, such as 10.0.0.7:8080)",
            "line 4: weight: -1 (expected: 0 to 1000000)",
            "line 5: weight: many (expected: 0 to 1000000)",
            "line 6: \"wieght=3\" (expected: one of weight, zone, node, id, draining)",
            "line 7: \"weight\" (expected: key=value)",
            "line 8: \"zone=\" (expected: key=value)",
            "line 9: weight is given twice (expected: once)",
            "line 10: draining: yes (expected: true or false)",
            "line 11: endpoint: \"http://b:2\" (expected: host:port, such as 10.0.0.7:8080)",
            "line 12: endpoint: \"::1:80\" (expected: host:port, such as 10.0.0.7:8080)",
            "line 13: id a:1 is that of line 1 (expected: unique ids)");
    assertThat(lines.complaint()).startsWith("line 2: ").endsWith("; and 9 more");
  }

  /**
   * The wrong file may be all one line, or a million; what is said of it stands in every message.
   */
  @Test
  void of_the_wrong_file_little_is_told() {
    EndpointLines oneLine = EndpointLines.read("{\"a\":\"" + "x".repeat(1_000_000) + "\"}");
    assertThat(oneLine.complaint()).startsWith("line 1: endpoint: \"{").hasSizeLessThan(300);
    assertThat(oneLine.newSince(List.of())).containsExactly(oneLine.complaint());

    EndpointLines many = EndpointLines.read("x\n".repeat(1_000_000));
    assertThat(many.newSince(List.of()))
        .hasSize(11)
        .contains("line 10: endpoint: \"x\" (expected: host:port, such as 10.0.0.7:8080)")
        .endsWith("and 999990 more");
  }

  @Test
  void what_endpoints_write_can_be_read() {
    for (String host : new String[] {"10.0.0.7", "2001:db8::7", "::1", "cart", "a-b.example.com"}) {
      Endpoint endpoint = Endpoint.of(host, 8080);
      assertThat(Endpoint.parse(endpoint.authority())).isEqualTo(endpoint);
    }
  }

  @Test
  void whatever_stands_there_good_lines_are_read() {
    Seeds.forEach(
        2000,
        seed -> {
          Random random = new Random(seed);
          StringBuilder noise = new StringBuilder();
          for (int i = random.nextInt(60); i > 0; i--) {
            noise.append((char) random.nextInt(random.nextBoolean() ? 128 : 0x10000));
          }
          EndpointLines lines = EndpointLines.read("a:1\n" + noise + "\nz:9 weight=2");
          assertThat(lines.endpoints())
              .contains(Endpoint.of("a", 1), Endpoint.of("z", 9).withWeight(2));
        });
  }
}
