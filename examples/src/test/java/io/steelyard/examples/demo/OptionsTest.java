package io.steelyard.examples.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class OptionsTest {
  @Test
  void nothingGivenMeansThePageAndTheMock() {
    Options options = Options.parse();

    assertThat(options.headless()).isFalse();
    assertThat(options.apiServer()).isFalse();
    assertThat(options.rate()).isEqualTo(300);
    assertThat(options.listen()).isEqualTo(Options.ANY);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          --nonsense                            | unknown option: --nonsense
          extra                                 | unknown option: extra
          --headless --seconds                  | --seconds needs a value
          --headless --seconds --verbose        | --seconds needs a value
          --headless --seconds x                | --seconds x (expected: 10 to 3600)
          --headless --seconds 3                | --seconds 3 (expected: 10 to 3600)
          --seconds 20                          | --seconds goes with --headless
          --namespace shop                      | --namespace goes with --kubeconfig
          --kubeconfig pom.xml                  | --kubeconfig needs --service
          --kubeconfig none --service cart      | --kubeconfig none (expected: a readable file)
          --rate 5000                           | --rate 5000 (expected: 0 to 2000)
          --listen 70000                        | --listen 70000 (expected: 0 to 65535)
          --headless --kubeconfig f --service s | --headless has a cluster of its own (expected: no --kubeconfig)
          --in-cluster                          | --in-cluster needs --service
          --in-cluster --kubeconfig f           | --in-cluster is a cluster already (expected: no --kubeconfig)
          --headless --in-cluster --service s   | --headless has a cluster of its own (expected: no --in-cluster)
          --policies                            | --policies goes with --kubeconfig
          """)
  void mistakesAreNamed(String line, String message) {
    assertThatThrownBy(() -> Options.parse(line.split(" ")))
        .isInstanceOf(Options.UsageException.class)
        .hasMessage(message);
  }
}
