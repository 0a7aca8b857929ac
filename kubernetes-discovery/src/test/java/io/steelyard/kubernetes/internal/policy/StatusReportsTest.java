package io.steelyard.kubernetes.internal.policy;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.steelyard.kubernetes.internal.ClientHolder;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.Policies;
import io.steelyard.kubernetes.testing.RealApiServer;
import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.locks.ReentrantLock;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What clients whose watches lag write into a status on a real API server. */
@Timeout(300)
class StatusReportsTest {
  @RegisterExtension static final RealApiServer api = new RealApiServer();

  private static final String GOOD = "{service: cart, strategy: {type: Random}}";
  private static final String BAD = "{service: cart, strategy: {type: Maglev, tableSize: 100}}";

  private final VirtualPlatform platform = new VirtualPlatform();
  private Policies policies;
  private PolicyObjects objects;

  @BeforeEach
  void start() {
    LocalApiServer server = api.server();
    server.namespace("reports");
    policies = new Policies(server.admin(), "reports");
    policies.install(Policies.definition());
    objects = new PolicyObjects(ClientHolder.given(server.admin()), "reports", true);
  }

  @AfterEach
  void stop() {
    if (policies != null) {
      policies.deleteAll();
    }
  }

  /** One client's reports, whose calls run when the test says so. */
  private final class Client {
    final Deque<Runnable> calls = new ArrayDeque<>();
    final StatusReports reports =
        new StatusReports(objects, platform, new ReentrantLock(), new Calls(calls::add));

    void reads(Policy policy) {
      reports.consider(policy);
      platform.advance(Duration.ofSeconds(2));
    }

    void writes() {
      while (!calls.isEmpty()) {
        calls.remove().run();
      }
    }
  }

  private Policy now() throws Exception {
    return objects.list().items().get("reports/cart");
  }

  private void reported(int generation, String accepted) {
    assertThat(policies.get("cart").<Integer>get("status", "observedGeneration"))
        .isEqualTo(generation);
    assertThat(policies.get("cart").<String>get("status", "conditions", 0, "status"))
        .isEqualTo(accepted);
  }

  @Test
  void a_report_on_an_older_generation_does_not_replace_one_on_a_newer() throws Exception {
    Client quick = new Client();
    Client late = new Client();
    policies.create("cart", BAD);
    late.reads(now());
    policies.edit("cart", GOOD);
    quick.reads(now());
    quick.writes();
    reported(2, "True");
    late.writes();
    reported(2, "True");
    late.reads(now());
    late.writes();
    reported(2, "True");
  }

  @Test
  void a_report_is_not_for_another_policy_of_the_same_name() throws Exception {
    Client late = new Client();
    policies.create("cart", GOOD);
    late.reads(now());
    policies.delete("cart");
    policies.create("cart", BAD);
    late.writes();
    assertThat(policies.get("cart").<Object>get("status")).isNull();
    late.reads(now());
    late.writes();
    reported(1, "False");
  }

  @Test
  void what_is_refused_as_out_of_date_is_written_when_the_news_is_there() throws Exception {
    Client before = new Client(); // hears of the change before it hears that it was too late
    Client after = new Client();
    policies.create("cart", BAD);
    Policy read = now();
    before.reads(read);
    policies.edit("cart", BAD.replace("{service", "{ports: [http], service"));
    before.reads(now());
    before.writes();
    reported(2, "False");
    after.reads(read);
    after.writes();
    reported(2, "False");
    policies.edit("cart", GOOD);
    after.reads(now());
    after.writes();
    reported(3, "True");
  }

  @Test
  void what_the_server_will_not_have_is_not_written_again_at_all_news() throws Exception {
    policies.install(
        new CustomResourceDefinitionBuilder(Policies.definition())
            .editSpec()
            .editFirstVersion()
            .withSubresources(null)
            .endVersion()
            .endSpec()
            .build());
    try {
      policies.create("cart", GOOD);
      awaitStatus(false);
      Client client = new Client();
      client.reads(now());
      client.writes(); // 404
      client.reads(now());
      assertThat(client.calls).isEmpty();
      assertThat(policies.get("cart").<Object>get("status")).isNull();
    } finally {
      policies.install(Policies.definition());
      awaitStatus(true);
    }
  }

  /** A definition that replaces another is in force a moment later. */
  private void awaitStatus(boolean served) {
    await()
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              try {
                objects.patchStatus("cart", "{}");
                return served;
              } catch (KubernetesClientException e) {
                return !served && e.getCode() == 404;
              }
            });
  }
}
