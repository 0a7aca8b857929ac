package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/**
 * Every piece of Java in the README stands, line by line, in an example that the build compiles.
 */
class ReadmeTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Pattern JAVA_BLOCK =
      Pattern.compile("(?:<!-- compiled: (\\S+) -->\\n)?```java\\n(.*?)```", Pattern.DOTALL);

  @Test
  void everySnippetIsCompiled() throws IOException {
    Matcher blocks = JAVA_BLOCK.matcher(Files.readString(ROOT.resolve("README.md")));
    int count = 0;
    while (blocks.find()) {
      count++;
      String snippet = blocks.group(2);
      assertThat(blocks.group(1)).as("a `compiled:` comment before\n%s", snippet).isNotNull();
      String source = normalized(Files.readString(ROOT.resolve(blocks.group(1))));
      assertThat(source).as(blocks.group(1)).contains(normalized(snippet));
    }
    assertThat(count).isPositive();
  }

  @Test
  void everyLinkLeadsToAFile() throws IOException {
    Matcher links =
        Pattern.compile("\\]\\(([^)#:]+)\\)").matcher(Files.readString(ROOT.resolve("README.md")));
    List<String> targets = links.results().map(link -> link.group(1)).toList();
    assertThat(targets)
        .isNotEmpty()
        .allSatisfy(target -> assertThat(ROOT.resolve(target)).exists());
  }

  /** Without line breaks and indentation, which a formatter may place otherwise. */
  private static String normalized(String java) {
    return java.replaceAll("\\s+", "");
  }
}
