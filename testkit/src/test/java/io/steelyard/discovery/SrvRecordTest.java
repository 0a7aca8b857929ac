package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Endpoint;
import io.steelyard.testkit.Seeds;
import java.net.InetAddress;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

class SrvRecordTest {
  private final Map<SrvRecord, List<InetAddress>> group = new LinkedHashMap<>();

  private SrvRecordTest add(int weight, String... addresses) throws Exception {
    List<InetAddress> found = new ArrayList<>();
    for (String address : addresses) {
      found.add(InetAddress.getByName(address));
    }
    group.put(new SrvRecord(0, weight, 80, "t" + group.size()), found);
    return this;
  }

  private List<String> weights() {
    return SrvRecord.endpoints(group).stream().map(e -> e.host() + "*" + e.weight()).toList();
  }

  @Test
  void whole_shares_are_left_as_they_are() throws Exception {
    assertThat(add(3, "10.0.0.1").add(4, "10.0.0.2", "10.0.0.3").weights())
        .containsExactly("10.0.0.1*3", "10.0.0.2*2", "10.0.0.3*2");
  }

  @Test
  void others_are_multiplied_until_they_are_whole() throws Exception {
    assertThat(add(1, "10.0.0.1").add(1, "10.0.0.2", "10.0.0.3").weights())
        .containsExactly("10.0.0.1*2", "10.0.0.2*1", "10.0.0.3*1");
  }

  @Test
  void zero_is_equal_among_zeros_and_hardly_anything_beside_others() throws Exception {
    assertThat(add(0, "10.0.0.1").add(0, "10.0.0.2").weights())
        .containsExactly("10.0.0.1*1", "10.0.0.2*1");
    assertThat(add(5, "10.0.0.3").weights())
        .containsExactly("10.0.0.1*1", "10.0.0.2*1", "10.0.0.3*500");
  }

  @Test
  void an_address_that_two_targets_share_is_one_endpoint() throws Exception {
    assertThat(add(2, "10.0.0.1").add(3, "10.0.0.1", "10.0.0.2").weights()).hasSize(2);
  }

  @Test
  void shares_are_kept_within_a_hundredth_or_the_smallest_weight_there_is() {
    Seeds.forEach(
        300,
        seed -> {
          Random random = new Random(seed);
          group.clear();
          int targets = 1 + random.nextInt(6);
          for (int t = 0; t < targets; t++) {
            String[] addresses = new String[1 + random.nextInt(5)];
            for (int a = 0; a < addresses.length; a++) {
              addresses[a] = "10.0." + t + "." + a;
            }
            add(1 + random.nextInt(65_535), addresses);
          }
          List<Endpoint> endpoints = SrvRecord.endpoints(group);
          double total = group.keySet().stream().mapToInt(SrvRecord::weight).sum();
          double sum = endpoints.stream().mapToInt(Endpoint::weight).sum();
          group.forEach(
              (srv, addresses) -> {
                double share =
                    endpoints.stream()
                        .filter(e -> srv.target().equals(e.attributes().get("target")))
                        .mapToInt(Endpoint::weight)
                        .sum();
                // Rounding moves each address by half a unit at most.
                double units = addresses.size() / sum;
                assertThat(Math.abs(share / sum - srv.weight() / total))
                    .isLessThan(Math.max(0.01 * srv.weight() / total, 2 * units));
              });
        });
  }
}
