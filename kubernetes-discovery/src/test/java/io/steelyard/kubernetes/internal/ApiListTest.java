package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.fabric8.kubernetes.api.model.Pod;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.utils.KubernetesSerialization;
import io.steelyard.kubernetes.testing.HttpClients;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

@Timeout(60)
class ApiListTest {
  /** Some clients' time-outs are over with the first byte of an answer. */
  @Tag("long")
  @ParameterizedTest
  @MethodSource("io.steelyard.kubernetes.testing.HttpClients#present")
  void an_answer_that_stalls_midway_is_given_up(HttpClients http) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 5, InetAddress.getLoopbackAddress());
        KubernetesClient client =
            new KubernetesClientBuilder()
                .withConfig(
                    new ConfigBuilder(io.fabric8.kubernetes.client.Config.empty())
                        .withMasterUrl("http://127.0.0.1:" + server.getLocalPort())
                        .withRequestRetryBackoffLimit(0)
                        .build())
                .withHttpClientFactory(http.factory())
                .build()) {
      Thread stalling = new Thread(() -> answerInPart(server));
      stalling.start();
      long start = System.nanoTime();
      assertThatThrownBy(
              () -> ApiList.get(client, "api/v1/namespaces/shop/pods", null, Pod.class, pod -> pod))
          .isInstanceOf(Exception.class);
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(30));
      server.close();
      stalling.join();
    }
  }

  @Test
  void an_answer_of_another_kind_is_not_an_empty_list() throws Exception {
    KubernetesSerialization json = new KubernetesSerialization();
    String status =
        """
        {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "code": 503}
        """;
    assertThatThrownBy(() -> ApiList.parse(json, bytes(status), Pod.class, pod -> pod))
        .isInstanceOf(Failure.UnreadableException.class)
        .hasMessage("an answer of kind Status (expected: a list)");
    String empty =
        """
        {"kind": "PodList", "apiVersion": "v1", "metadata": {"resourceVersion": "7"}}
        """;
    assertThat(ApiList.parse(json, bytes(empty), Pod.class, pod -> pod))
        .isEqualTo(new Source.Listing<>(Map.of(), "7"));
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static void answerInPart(ServerSocket server) {
    try {
      while (true) { // a client may connect twice
        Socket socket = server.accept();
        Thread reader = new Thread(() -> answerInPart(socket));
        reader.setDaemon(true);
        reader.start();
      }
    } catch (java.io.IOException e) {
      // over
    }
  }

  private static void answerInPart(Socket socket) {
    try (socket) {
      int unused = socket.getInputStream().read(new byte[8_192]);
      socket
          .getOutputStream()
          .write(
              "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n{"
                  .getBytes(StandardCharsets.US_ASCII));
      int end = socket.getInputStream().read(); // until the client gives up
      assertThat(end).isLessThan(256);
    } catch (java.io.IOException e) {
      // given up
    }
  }
}
