package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Every adapter has an example of fewer than forty lines that a test runs. */
class OneForEachAdapterTest {
  private static final Path EXAMPLES = Path.of("src/main/java/io/steelyard/examples");
  private static final Path TESTS = Path.of("src/test/java/io/steelyard/examples");

  private static List<Path> files(Path folder) throws IOException {
    try (Stream<Path> all = Files.list(folder)) {
      return all.toList();
    }
  }

  /** The package of each adapter, by its sources. */
  private static List<String> packages() throws IOException {
    List<String> packages = new ArrayList<>();
    for (Path adapter : files(Path.of("../adapters"))) {
      Path sources = adapter.resolve("src/main/java/io/steelyard");
      boolean published = !adapter.endsWith("contract"); // that one is for the tests of others
      if (published && Files.isDirectory(sources)) {
        assertThat(files(sources)).hasSize(1);
        packages.add(files(sources).get(0).getFileName().toString());
      }
    }
    return packages;
  }

  @Test
  void has_one() throws IOException {
    assertThat(packages())
        .contains("http", "okhttp", "httpclient5", "grpc", "spring", "micrometer")
        .allSatisfy(
            name ->
                assertThat(files(EXAMPLES))
                    .as("an example with io.steelyard.%s", name)
                    .anySatisfy(example -> isShortAndRun(example, name)));
  }

  private static void isShortAndRun(Path example, String adapter) throws IOException {
    assertThat(example).isRegularFile();
    assertThat(Files.readString(example)).contains("import io.steelyard." + adapter + ".");
    assertThat(Files.readAllLines(example)).hasSizeLessThan(40);
    String name = example.getFileName().toString().replace(".java", "");
    StringBuilder tests = new StringBuilder();
    for (Path test : files(TESTS)) {
      if (Files.isRegularFile(test)) {
        tests.append(Files.readString(test));
      }
    }
    assertThat(tests).containsPattern("\\b" + name + "(\\.|::)\\w+");
  }
}
