package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.steelyard.discovery.DnsMessage.Question;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DnsClientTest {
  private static final Question CART = Question.of("cart.test", DnsMessage.A);

  private NameServer first;
  private NameServer second;

  @BeforeEach
  void start() throws Exception {
    first = new NameServer().host("cart.test", "10.0.0.1");
    second = new NameServer().host("cart.test", "10.0.0.2");
  }

  @AfterEach
  void stop() throws Exception {
    first.close();
    second.close();
  }

  private static InetSocketAddress at(NameServer server) {
    return Addresses.server(server.address());
  }

  private DnsClient client() {
    return new DnsClient(List.of(at(first), at(second)));
  }

  private static String found(DnsClient client) throws IOException {
    return client.ask(CART).records().get(0).data().toString();
  }

  @Test
  void the_first_is_asked_and_the_next_where_it_fails_or_is_away() throws Exception {
    assertThat(found(client())).contains("10.0.0.1");
    assertThat(second.asked).isEmpty();
    first.failing("cart.test", true);
    assertThat(found(client())).contains("10.0.0.2");
    first.close();
    assertThat(found(client())).contains("10.0.0.2");
  }

  @Test
  void the_next_is_asked_where_it_is_silent_for_a_second() throws Exception {
    first.silent = true;
    assertThat(found(client())).contains("10.0.0.2");
    assertThat(first.asked).hasSize(1);
  }

  @Test
  void that_there_is_no_such_name_is_an_answer() throws Exception {
    first.forget("cart.test");
    assertThat(client().ask(CART).code()).isEqualTo(DnsMessage.NO_SUCH_NAME);
    assertThat(second.asked).isEmpty();
  }

  @Test
  void where_all_fail_it_says_what_the_last_has_said() throws Exception {
    first.failing("cart.test", true);
    second.failing("cart.test", true);
    assertThatThrownBy(() -> client().ask(CART))
        .isExactlyInstanceOf(IOException.class)
        .hasMessage(second.address() + ": cart.test: response code 2");
    assertThat(first.asked).as("not asked again").hasSize(1);
  }

  @Test
  void answers_to_something_else_are_not_taken() throws Exception {
    first.strangers = 3;
    assertThat(found(client())).contains("10.0.0.1");
    assertThat(first.asked).hasSize(1);
  }

  @Test
  void half_an_answer_is_none_where_the_whole_cannot_be_had() throws Exception {
    String[] many = new String[100];
    for (int i = 0; i < many.length; i++) {
      many[i] = "10.1.0." + i;
    }
    first.host("cart.test", many).closeTcp();
    assertThat(found(client())).contains("10.0.0.2");
    second.close();
    assertThatThrownBy(() -> client().ask(CART)).isInstanceOf(IOException.class);
  }

  @Test
  void close_ends_a_question_that_is_under_way() throws Exception {
    first.silent = true;
    second.silent = true;
    DnsClient client = client();
    CompletableFuture<Void> asking = new CompletableFuture<>();
    Thread thread =
        new Thread(
            () -> {
              try {
                client.ask(CART);
                asking.complete(null);
              } catch (Throwable e) {
                asking.completeExceptionally(e);
              }
            });
    thread.start();
    await().until(() -> !first.asked.isEmpty());
    client.close();
    client.close();
    assertThatThrownBy(() -> asking.get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .cause()
        .isInstanceOf(IOException.class)
        .isNotInstanceOf(DnsClient.Silence.class);
    assertThat(second.asked).isEmpty();
    assertThatThrownBy(() -> client.ask(CART)).isInstanceOf(IOException.class);
  }

  @Test
  void the_servers_of_this_machine_are_those_in_resolv_conf(@TempDir Path folder) throws Exception {
    Path file = folder.resolve("resolv.conf");
    DnsClient client = new DnsClient(List.of(), file);
    String none = "no name servers in " + file + " (expected: servers(...))";
    assertThatThrownBy(() -> client.ask(CART)).hasMessage(none);
    Files.writeString(file, "# none yet\nsearch shop.svc.cluster.local\n");
    assertThatThrownBy(() -> client.ask(CART)).hasMessage(none);
    // The format knows no ports; they are an extension of ours, for this test.
    Files.writeString(file, "nameserver nonsense\n nameserver  " + first.address() + "\n");
    assertThat(found(client)).contains("10.0.0.1");
  }
}
