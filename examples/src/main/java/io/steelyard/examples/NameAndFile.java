package io.steelyard.examples;

import io.steelyard.Balancer;
import io.steelyard.Discovery;
import io.steelyard.PickContext;
import io.steelyard.discovery.Discoveries;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

/** Endpoints without Kubernetes: the addresses of a name, and a list in a file. */
public final class NameAndFile {
  /** Runs it. */
  public static void main(String... args) throws Exception {
    Path file = Files.createTempFile("cart", ".endpoints");
    file.toFile().deleteOnExit();
    try (Hello first = new Hello("first");
        Hello second = new Hello("second")) {
      Files.writeString(file, second.endpoint().authority() + " weight=3 # the large one\n");
      Discovery cart =
          Discoveries.merged(
              Discoveries.dns("localhost", first.endpoint().port()), Discoveries.file(file));
      Discovery careful = Discoveries.holding(cart, Duration.ofSeconds(30));
      try (Balancer balancer = Balancer.builder(careful).build()) {
        String body = balancer.call(PickContext.none(), attempt -> Hello.ask(attempt.endpoint()));
        System.out.println(body);
      }
    }
  }

  private NameAndFile() {}
}
