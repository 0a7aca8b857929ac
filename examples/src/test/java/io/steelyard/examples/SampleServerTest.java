package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The sample server, in a process of its own as in a pod, until it is told to end. */
@Timeout(120)
class SampleServerTest {
  private static final HttpClient CLIENT = HttpClient.newHttpClient();

  @Test
  void itAnswersWithItsNameAndGoesOnForAWhileWhenItIsToldToEnd() throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                SampleServer.class.getName(),
                "0")
            .redirectErrorStream(true);
    builder.environment().put("HOSTNAME", "cart-7d9f");
    Process process = builder.start();
    try (BufferedReader said =
        new BufferedReader(
            new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8))) {
      String line = said.readLine();
      assertThat(line).startsWith("cart-7d9f listens on ");
      String url = "http://127.0.0.1:" + line.substring(line.lastIndexOf(' ') + 1);
      assertThat(get(url + "/").body()).isEqualTo("cart-7d9f\n");
      assertThat(get(url + "/ready").statusCode()).isEqualTo(200);

      process.destroy();
      while (get(url + "/ready").statusCode() == 200) {
        Thread.sleep(10);
      }
      HttpResponse<String> late = get(url + "/");
      assertThat(late.statusCode()).isEqualTo(200);
      assertThat(late.headers().firstValue("Connection")).contains("close");
      assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }
  }

  private static HttpResponse<String> get(String url) throws Exception {
    return CLIENT.send(HttpRequest.newBuilder(URI.create(url)).build(), BodyHandlers.ofString());
  }
}
