package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.steelyard.discovery.DnsMessage.Answer;
import io.steelyard.discovery.DnsMessage.Data;
import io.steelyard.discovery.DnsMessage.Question;
import io.steelyard.testkit.Seeds;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.ByteBuffer;
import java.util.HexFormat;
import java.util.Random;
import org.junit.jupiter.api.Test;

class DnsMessageTest {
  private static final Question CART = Question.of("Cart.Shop.test.", DnsMessage.A);

  // As a server would write it: an alias, then the address of what it stands for, by pointers.
  private static final String ALIASED =
      "1234 8180 0001 0002 0000 0000"
          + "04 63617274 04 73686f70 04 74657374 00 0001 0001" // cart.shop.test A IN
          + "c00c 0005 0001 0000003c 0006 03 706f64 c016" // CNAME pod.test
          + "c02c 0001 0001 0000001e 0004 0a000007"; // pod.test A 10.0.0.7, 30 seconds

  private static ByteBuffer bytes(String hex) {
    return ByteBuffer.wrap(HexFormat.of().parseHex(hex.replace(" ", "")));
  }

  @Test
  void a_question_is_written_as_the_standard_has_it() {
    assertThat(HexFormat.of().formatHex(DnsMessage.write(0x1234, CART)))
        .isEqualTo(
            "123401000001000000000000" + "046361727404" + "73686f7004" + "74657374000001" + "0001");
  }

  @Test
  void addresses_are_read_behind_an_alias() throws Exception {
    assertThat(DnsMessage.answers(bytes(ALIASED), 0x1234, CART)).isTrue();
    Answer answer = DnsMessage.read(bytes(ALIASED), CART);
    assertThat(answer.code()).isEqualTo(DnsMessage.NO_ERROR);
    assertThat(answer.records()).hasSize(1);
    assertThat(answer.records().get(0).seconds()).isEqualTo(30);
    assertThat(answer.records().get(0).of().name()).isEqualTo("pod.test");
    assertThat(answer.records().get(0).data())
        .isEqualTo(new Data.Address(InetAddress.getByName("10.0.0.7")));
  }

  @Test
  void only_the_answer_to_that_question_with_that_number_is_one() {
    assertThat(DnsMessage.answers(bytes(ALIASED), 0x1235, CART)).isFalse();
    assertThat(DnsMessage.answers(bytes(ALIASED), 0x1234, Question.of("cart", 1))).isFalse();
    assertThat(DnsMessage.answers(bytes(ALIASED), 0x1234, Question.of("cart.shop.test", 28)))
        .isFalse();
    String question = ALIASED.replaceFirst("8180", "0100");
    assertThat(DnsMessage.answers(bytes(question), 0x1234, CART)).isFalse();
    assertThat(DnsMessage.answers(bytes("1234"), 0x1234, CART)).isFalse();
  }

  @Test
  void a_pointer_that_leads_forwards_or_to_itself_is_refused() {
    for (String pointer : new String[] {"c03e", "c0ff"}) {
      String forwards = ALIASED.replaceFirst("c02c", pointer);
      assertThatThrownBy(() -> DnsMessage.read(bytes(forwards), CART))
          .isInstanceOf(IOException.class);
    }
    String itself = "1234 8180 0001 0000 0000 0000 c00c 0001 0001";
    assertThat(DnsMessage.answers(bytes(itself), 0x1234, CART)).isFalse();
    assertThatThrownBy(() -> DnsMessage.read(bytes(itself), CART)).isInstanceOf(IOException.class);
  }

  @Test
  void what_no_host_is_called_is_nobodys_name() throws Exception {
    String service =
        "1234 8180 0001 0001 0000 0000 01 78 00 0021 0001"
            + "c00c 0021 0001 0000003c 000b 0000 0001 0050 03 612e62 00";
    Answer answer = DnsMessage.read(bytes(service), Question.of("x", DnsMessage.SRV));
    SrvRecord srv = ((Data.Service) answer.records().get(0).data()).srv();
    assertThat(srv).isEqualTo(new SrvRecord(0, 1, 80, "a?b"));
    assertThat(DnsDiscovery.isName(srv.target())).isFalse();
  }

  @Test
  void whatever_comes_reading_ends_with_an_answer_or_an_io_exception() {
    byte[] good = bytes(ALIASED).array();
    Seeds.forEach(
        20_000,
        seed -> {
          Random random = new Random(seed);
          byte[] bad = good.clone();
          for (int i = random.nextInt(6); i >= 0; i--) {
            bad[random.nextInt(bad.length)] = (byte) random.nextInt();
          }
          ByteBuffer cut = ByteBuffer.wrap(bad, 0, random.nextInt(bad.length + 1));
          DnsMessage.answers(cut, 0x1234, CART);
          try {
            assertThat(DnsMessage.read(cut, CART)).isNotNull();
          } catch (IOException e) {
            assertThat(e.getMessage()).isNotBlank();
          }
        });
  }
}
