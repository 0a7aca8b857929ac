package io.steelyard.kubernetes;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;

/** The fault matrix in the docs and the tests say the same. */
class FaultMatrixDocsTest {
  private static final Pattern ROW = Pattern.compile("^\\| (\\d+) \\|.*");
  private static final Pattern TEST = Pattern.compile("`(row(\\d\\d)_\\w+)`");

  @Test
  void every_row_of_the_docs_names_tests_that_exist_and_no_test_is_left_out() throws Exception {
    TreeMap<Integer, Set<String>> rows = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("..", "docs", "kubernetes.md"))) {
      Matcher row = ROW.matcher(line);
      if (row.matches()) {
        int number = Integer.parseInt(row.group(1));
        Set<String> tests = rows.computeIfAbsent(number, n -> new TreeSet<>());
        Matcher test = TEST.matcher(line);
        while (test.find()) {
          assertThat(Integer.parseInt(test.group(2))).as(line).isEqualTo(number);
          tests.add(test.group(1));
        }
        assertThat(tests).as("tests of row %d", number).isNotEmpty();
      }
    }
    assertThat(rows.keySet())
        .containsExactlyElementsOf(IntStream.rangeClosed(1, 45).boxed().toList());
    Set<String> documented =
        rows.values().stream().flatMap(Set::stream).collect(Collectors.toCollection(TreeSet::new));
    assertThat(documented).isEqualTo(tests());
  }

  /** The names of all tests of this module that are rows. */
  private static Set<String> tests() throws IOException, ClassNotFoundException {
    Path classes = Path.of("target", "test-classes");
    List<String> names;
    try (Stream<Path> files = Files.walk(classes)) {
      names =
          files
              .map(file -> classes.relativize(file).toString().replace('/', '.'))
              .filter(name -> name.endsWith("Test.class"))
              .map(name -> name.substring(0, name.length() - ".class".length()))
              .toList();
    }
    Set<String> tests = new TreeSet<>();
    for (String name : names) {
      Class<?> type = Class.forName(name, false, FaultMatrixDocsTest.class.getClassLoader());
      Arrays.stream(type.getDeclaredMethods())
          .filter(
              method ->
                  method.isAnnotationPresent(Test.class)
                      || method.isAnnotationPresent(ParameterizedTest.class))
          .map(method -> method.getName())
          .filter(method -> method.matches("row\\d\\d_.*"))
          .forEach(tests::add);
    }
    return tests;
  }
}
