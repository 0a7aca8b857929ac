package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What docs/kubernetes.md shows is what there is. */
class KubernetesDocsTest {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final Path PAGE = ROOT.resolve("docs/kubernetes.md");

  private static List<String> found(String regex) throws IOException {
    return Pattern.compile(regex, Pattern.DOTALL)
        .matcher(Files.readString(PAGE))
        .results()
        .map(found -> found.group(1))
        .toList();
  }

  @Test
  void whatIsMarkedAsCompiledStandsInAnExample() throws IOException {
    Matcher blocks =
        Pattern.compile("<!-- compiled: (\\S+) -->\\n```java\\n(.*?)```", Pattern.DOTALL)
            .matcher(Files.readString(PAGE));
    int count = 0;
    while (blocks.find()) {
      count++;
      assertThat(Files.readString(ROOT.resolve(blocks.group(1))).replaceAll("\\s+", ""))
          .contains(blocks.group(2).replaceAll("\\s+", ""));
    }
    assertThat(count).isPositive();
  }

  @Test
  void thePolicyThatIsShownIsTheOneInTheExamples() throws IOException {
    List<String> shown = found("```yaml\\n(apiVersion: steelyard.io/v1alpha1\\n.*?)```");
    assertThat(shown).hasSize(1);
    assertThat(Serialization.unmarshal(shown.get(0), GenericKubernetesResource.class))
        .isEqualTo(
            Serialization.unmarshal(
                Files.readString(
                    ROOT.resolve("examples/kubernetes/policies/weighted-round-robin.yaml")),
                GenericKubernetesResource.class));
  }

  @Test
  void everyLinkLeadsToAFile() throws IOException {
    assertThat(found("\\]\\(([^)#:]+)\\)"))
        .isNotEmpty()
        .allSatisfy(target -> assertThat(ROOT.resolve("docs").resolve(target)).exists());
  }
}
