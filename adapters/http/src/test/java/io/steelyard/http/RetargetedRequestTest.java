package io.steelyard.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.contract.Listing;
import io.steelyard.contract.Pods;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpClient.Version;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/** What a request is sent as, and how cheaply. */
final class RetargetedRequestTest {
  @Test
  void isTheRequestButForWhereItGoesItsBodyAndItsTime() {
    HttpRequest request =
        HttpRequest.newBuilder(URI.create("http://cart/a"))
            .header("X-User", "7")
            .expectContinue(true)
            .version(Version.HTTP_2)
            .timeout(Duration.ofSeconds(9))
            .PUT(BodyPublishers.ofString("x"))
            .build();
    URI there = URI.create("http://127.0.0.2:8080/a");
    HttpRequest.BodyPublisher body = BodyPublishers.ofString("y");
    HttpRequest sent = new RetargetedRequest(request, there, body, Duration.ofSeconds(1));
    assertThat(sent.uri()).isEqualTo(there);
    assertThat(sent.bodyPublisher()).containsSame(body);
    assertThat(sent.timeout()).contains(Duration.ofSeconds(1));
    assertThat(sent.method()).isEqualTo("PUT");
    assertThat(sent.headers()).isEqualTo(request.headers());
    assertThat(sent.expectContinue()).isTrue();
    assertThat(sent.version()).contains(Version.HTTP_2);
    assertThat(sent).hasToString("http://127.0.0.2:8080/a PUT");
    HttpRequest plain = new RetargetedRequest(request, there, null, null);
    assertThat(plain.bodyPublisher()).isEmpty();
    assertThat(plain.timeout()).isEmpty();
  }

  /** The JDK's client asks a subscriber that is none of its own for the body by another task. */
  @Test
  void aStringTakesNoMoreTasksThanBare() throws Exception {
    ExecutorService threads = Executors.newCachedThreadPool();
    AtomicInteger tasks = new AtomicInteger();
    try (Pods pods = new Pods()) {
      HttpClient bare =
          HttpClient.newBuilder()
              .version(Version.HTTP_1_1)
              .executor(
                  task -> {
                    tasks.incrementAndGet();
                    threads.execute(task);
                  })
              .build();
      Pods.Pod pod = pods.pod("127.0.0.2");
      HttpClient balanced = BalancedHttpClient.wrap(bare).service("cart", Listing.of(pod)).build();
      int direct = tasksOf(bare, "http://" + pod.endpoint.authority() + "/", tasks);
      int byName = tasksOf(balanced, "http://cart/", tasks);
      assertThat(byName).isBetween(direct - 50, direct + 50); // a task more for each would be 100
    } finally {
      threads.shutdownNow();
    }
  }

  private static int tasksOf(HttpClient client, String uri, AtomicInteger tasks) throws Exception {
    HttpRequest request = HttpRequest.newBuilder(URI.create(uri)).build();
    client.send(request, BodyHandlers.ofString()); // connects
    int before = tasks.get();
    for (int i = 0; i < 100; i++) {
      assertThat(client.send(request, BodyHandlers.ofString()).body()).isEqualTo("127.0.0.2");
    }
    return tasks.get() - before;
  }
}
