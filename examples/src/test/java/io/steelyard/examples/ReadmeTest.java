package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every piece of Java in the README stands, line by line, in an example that the build compiles,
 * and every link there and in docs leads to a file.
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
  void whatDocsCallCompiledIs() throws IOException {
    int count = 0;
    try (Stream<Path> docs = Files.list(ROOT.resolve("docs"))) {
      for (Path page : docs.filter(file -> file.toString().endsWith(".md")).toList()) {
        Matcher blocks = JAVA_BLOCK.matcher(Files.readString(page));
        while (blocks.find()) {
          if (blocks.group(1) != null) {
            count++;
            String source = normalized(Files.readString(ROOT.resolve(blocks.group(1))));
            assertThat(source)
                .as("%s of %s", blocks.group(1), page)
                .contains(normalized(blocks.group(2)));
          }
        }
      }
    }
    assertThat(count).isPositive();
  }

  @Test
  void everyLinkLeadsToAFile() throws IOException {
    Pattern link = Pattern.compile("\\]\\(([^)#:]+)(?:#[^)]*)?\\)");
    try (Stream<Path> docs = Files.walk(ROOT.resolve("docs"))) {
      List<Path> pages =
          Stream.concat(Stream.of(ROOT.resolve("README.md")), docs)
              .filter(page -> page.toString().endsWith(".md"))
              .toList();
      assertThat(pages).hasSizeGreaterThan(20);
      for (Path page : pages) {
        List<String> targets =
            link.matcher(Files.readString(page)).results().map(found -> found.group(1)).toList();
        assertThat(targets)
            .as("links of %s", page)
            .allSatisfy(target -> assertThat(page.resolveSibling(target)).exists());
      }
    }
  }

  /** Without line breaks and indentation, which a formatter may place otherwise. */
  private static String normalized(String java) {
    return java.replaceAll("\\s+", "");
  }
}
