package io.steelyard.examples;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import org.junit.jupiter.api.Test;

/** The examples that send a request run, and are answered. */
class HttpClientsTest {
  private interface Example {
    void main() throws Exception;
  }

  @Test
  void theJdksClientIsAnswered() throws Exception {
    assertThat(said(() -> JdkHttpClient.main())).isIn("first", "second");
  }

  @Test
  void okHttpIsAnswered() throws Exception {
    assertThat(said(() -> OkHttp.main())).isIn("first", "second");
  }

  @Test
  void apacheHttpClientIsAnswered() throws Exception {
    assertThat(said(() -> ApacheHttpClient.main())).isIn("first", "second");
  }

  @Test
  void aNameAndAFileAreAnswered() throws Exception {
    assertThat(said(() -> NameAndFile.main())).isIn("first", "second");
  }

  @Test
  void aListOfOnesOwnIsFollowed() throws Exception {
    assertThat(said(() -> OwnDiscovery.main())).isEqualTo("first\nsecond");
  }

  private static String said(Example example) throws Exception {
    PrintStream out = System.out;
    ByteArrayOutputStream said = new ByteArrayOutputStream();
    System.setOut(new PrintStream(said, true));
    try {
      example.main();
    } finally {
      System.setOut(out);
    }
    return said.toString().strip();
  }
}
