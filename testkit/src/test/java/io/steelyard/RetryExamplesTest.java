package io.steelyard;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.retry.RetryPolicy;
import io.steelyard.retry.Tries;
import io.steelyard.testkit.ManualDiscovery;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The code in the documents of retries, which has to stand here, where it compiles and runs. */
class RetryExamplesTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  private final ManualDiscovery discovery = new ManualDiscovery(Fixture.eps(3));
  private int failures;

  private String get(Endpoint endpoint, Duration timeout) throws IOException {
    assertThat(timeout).isBetween(Duration.ofMillis(1), Duration.ofMillis(500));
    if (failures++ < 2) {
      throw new IOException();
    }
    return "items";
  }

  @Test
  void a_call() throws Exception {
    Balancer cart =
        Balancer.builder(discovery)
            .retry(
                RetryPolicy.builder()
                    .maxAttempts(3)
                    .perTryTimeout(Duration.ofMillis(500))
                    .deadline(Duration.ofSeconds(2))
                    .build())
            .build();

    String items =
        cart.call(
            PickContext.none().idempotent(),
            attempt -> get(attempt.endpoint(), attempt.remaining()));
    assertThat(items).isEqualTo("items");
    assertThat(cart.stats().retries()).isEqualTo(2);
    cart.close();
  }

  @Test
  void an_interceptor() throws Exception {
    try (Balancer balancer = Balancer.builder(discovery).build()) {
      Response last = intercepted(RetryPolicy.standard(), balancer, PickContext.none(), "request");
      assertThat(last.status).isEqualTo(200);
      assertThat(failures).isEqualTo(3);
      assertThat(balancer.stats().retries()).isEqualTo(2);
      assertThat(balancer.stats().inFlight()).isZero();
    }
  }

  private Response intercepted(
      RetryPolicy policy, Balancer balancer, PickContext context, String request)
      throws IOException, InterruptedException {
    boolean repeatable = true;
    Tries tries = policy.begin(balancer, context);
    Attempt attempt = tries.begin();
    while (true) {
      Duration pause;
      try {
        Response response = send(request, attempt.endpoint(), attempt.remaining());
        Outcome outcome = outcomeOf(response);
        attempt.end(outcome);
        pause = tries.afterAnswer(outcome, repeatable, retryAfterOf(response));
        if (pause == null) {
          return response;
        }
        response.close();
      } catch (IOException e) {
        Outcome outcome = outcomeOf(e);
        attempt.end(outcome);
        pause = tries.afterError(e, outcome, repeatable);
        if (pause == null) {
          throw e;
        }
      }
      tries.pause(pause); // or, without a thread to wait: tries.after(pause, this::next)
      attempt = tries.begin();
    }
  }

  private static final class Response {
    final int status;

    Response(int status) {
      this.status = status;
    }

    void close() {}
  }

  private Response send(String request, Endpoint endpoint, Duration timeout) throws IOException {
    return switch (failures++) {
      case 0 -> throw new IOException();
      case 1 -> new Response(503);
      default -> new Response(200);
    };
  }

  private static Outcome outcomeOf(Response response) {
    return response.status == 200 ? Outcome.SUCCESS : Outcome.OVERLOADED;
  }

  private static Outcome outcomeOf(IOException error) {
    return Classifier.standard().classify(null, error);
  }

  private static Duration retryAfterOf(Response response) {
    return Duration.ofMillis(1);
  }

  @ParameterizedTest
  @CsvSource({
    "docs/retries.md, 2",
    "core/src/main/java/io/steelyard/retry/package-info.java, 1",
    "core/src/main/java/io/steelyard/retry/Tries.java, 1",
  })
  void what_the_documents_show_stands_here(String document, int count) throws IOException {
    String here =
        normalized(
            Files.readString(
                ROOT.resolve("testkit/src/test/java/io/steelyard/RetryExamplesTest.java")));
    String text = Files.readString(ROOT.resolve(document));
    Matcher blocks =
        Pattern.compile("(?:```java\\n|<pre>\\{@code\\n)(.*?)(?:```|\\}</pre>)", Pattern.DOTALL)
            .matcher(text);
    int found = 0;
    while (blocks.find()) {
      found++;
      assertThat(here).contains(normalized(blocks.group(1).replaceAll("(?m)^ \\* ?", "")));
    }
    assertThat(found).isEqualTo(count);
  }

  private static String normalized(String java) {
    return java.replaceAll("\\s+", "");
  }
}
