package io.steelyard.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Candidates;
import io.steelyard.stage.Stages;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The demo's parts together: API server, pods, discovery, balancer, HTTP client and page. */
@Timeout(60)
class DemoTest {
  private static final HttpClient browser = HttpClient.newHttpClient();
  private static final Events events = new Events(event -> {});
  private static Setup setup;
  private static Cluster cluster;
  private static Page page;

  @BeforeAll
  static void start() throws Exception {
    setup =
        Setup.start(
            Options.parse(),
            new Cluster.Pace(Duration.ofDays(1), Duration.ofDays(1), Duration.ofMillis(200)),
            Stages.ejection().panicBelow(0.5),
            text -> events.add("cluster", text),
            events::snapshot);
    cluster = setup.cluster();
    page = Page.serve(0, setup, events);
  }

  @AfterAll
  static void stop() {
    page.close();
    setup.close();
  }

  @Test
  void requestsFollowTheCluster() throws Exception {
    cluster.scale(0);
    await(() -> candidates().size() == 0);
    assertThat(get("call").statusCode()).isEqualTo(503);
    assertThat(get("call").body()).contains("no endpoints");

    cluster.scale(3);
    await(() -> candidates().usable() == 3);
    setup.application().choose(Choice.ROUND_ROBIN);
    await(() -> explanation().contains("roundRobin"));
    Set<String> three = answering(9);
    assertThat(three).hasSize(3).allMatch(name -> name.matches("cart-\\d+"));

    String drained = three.iterator().next();
    cluster.drain(drained);
    await(() -> candidates().usable() == 2);
    assertThat(answering(9)).hasSize(2).doesNotContain(drained);

    String other = three.stream().filter(name -> !name.equals(drained)).findFirst().orElseThrow();
    cluster.weight(other, 3);
    await(() -> weightOf(other) == 3);

    cluster.scale(1);
    await(() -> candidates().usable() == 1);
    assertThat(answering(3)).hasSize(1);
    assertThat(events.latest()).anyMatch(event -> event.text().equals(drained + " draining"));
  }

  @Test
  void thePageStandsAlone() throws Exception {
    for (String file : new String[] {"", "demo.css", "demo.js"}) {
      HttpResponse<String> response = get(file);
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.body()).doesNotContain("https://").doesNotContain("src=\"http");
    }
    assertThat(get("nothing").statusCode()).isEqualTo(404);
    assertThat(get("state").body()).contains("\"selector\":\"app=cart\"", "\"pods\":");
  }

  @Test
  void theStateIsSentAgainAndAgain() throws Exception {
    var response =
        browser.send(
            HttpRequest.newBuilder(URI.create(page.url() + "events")).build(),
            BodyHandlers.ofInputStream());
    try (BufferedReader lines =
        new BufferedReader(new InputStreamReader(response.body(), StandardCharsets.UTF_8))) {
      int states = 0;
      while (states < 2) {
        states += lines.readLine().equals("event: state") ? 1 : 0;
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          scale                     | 400 | replicas is missing
          scale?replicas=many       | 400 | replicas: many (expected: a number)
          scale?replicas=-1         | 400 | replicas: -1 (expected: 0 to 8)
          scale?replicas=%25zz      | 400 | replicas: %zz (expected: a number)
          strategy?name=fastest     | 400 | strategy: fastest (expected: adaptive, powerOfTwo(peakEwma),
          pods/cart-0/kill          | 404 | no pod cart-0
          pods/cart-0/weight        | 400 | value is missing
          pods/cart-0/paint         | 400 | command: paint
          nonsense                  | 404 | no such command
          """)
  void whatCannotBeDoneIsRefused(String path, int status, String message) throws Exception {
    HttpResponse<String> response = post(path.strip());

    assertThat(response.statusCode()).isEqualTo(status);
    assertThat(response.body()).contains(message);
  }

  @Test
  void pagesOfOthersMayNotGiveCommands() throws Exception {
    var response =
        browser.send(
            HttpRequest.newBuilder(URI.create(page.url() + "scale?replicas=8"))
                .header("Origin", "http://example.com")
                .POST(BodyPublishers.noBody())
                .build(),
            BodyHandlers.ofString());

    assertThat(response.statusCode()).isEqualTo(403);
  }

  private static Candidates candidates() {
    return setup.application().balancer().candidates();
  }

  private static String explanation() {
    return setup.application().balancer().explain().strategy();
  }

  private static double weightOf(String pod) {
    Candidates now = candidates();
    for (int i = 0; i < now.size(); i++) {
      if (Application.podName(now.endpoint(i)).equals(pod)) {
        return now.weight(i);
      }
    }
    return 0;
  }

  private static Set<String> answering(int calls) throws Exception {
    Set<String> names = new TreeSet<>();
    for (int i = 0; i < calls; i++) {
      names.add(setup.application().call().get(10, TimeUnit.SECONDS).body().strip());
    }
    return names;
  }

  private static HttpResponse<String> get(String path) throws Exception {
    return browser.send(
        HttpRequest.newBuilder(URI.create(page.url() + path)).build(), BodyHandlers.ofString());
  }

  private static HttpResponse<String> post(String path) throws Exception {
    return browser.send(
        HttpRequest.newBuilder(URI.create(page.url() + path)).POST(BodyPublishers.noBody()).build(),
        BodyHandlers.ofString());
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s", candidates()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }
}
