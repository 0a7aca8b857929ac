package io.steelyard.benchmarks.pictures;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.stream.Stream;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;

class DrawStrategiesTest {
  private static final Path DOCS = Path.of("../docs/images/strategies");

  @Test
  void thePicturesInDocsAreWhatTheStrategiesDoNow() throws Exception {
    Map<String, Svg> pictures = DrawStrategies.all();
    for (Map.Entry<String, Svg> picture : pictures.entrySet()) {
      String svg = picture.getValue().toString();
      DocumentBuilderFactory.newInstance()
          .newDocumentBuilder()
          .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
      assertThat(Files.readString(DOCS.resolve(picture.getKey() + ".svg")))
          .as(
              "%s.svg: draw it again with benchmarks/pictures docs/images/strategies",
              picture.getKey())
          .isEqualTo(svg);
    }
    try (Stream<Path> files = Files.list(DOCS)) {
      assertThat(files).hasSize(pictures.size());
    }
  }
}
