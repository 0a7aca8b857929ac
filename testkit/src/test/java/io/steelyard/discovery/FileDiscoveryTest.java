package io.steelyard.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import io.steelyard.Topology;
import io.steelyard.Topology.State;
import io.steelyard.testkit.VirtualPlatform;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real files, at times of a virtual clock that begins now. */
class FileDiscoveryTest {
  private static final Duration SECOND = Duration.ofSeconds(1);
  private static final Duration SETTLED = FileSource.SETTLED;

  private final VirtualPlatform platform = new VirtualPlatform(0, Instant.now());
  private final Heard heard = new Heard();
  @TempDir private Path folder;
  private Path file;

  @BeforeEach
  void name() {
    file = folder.resolve("endpoints");
  }

  private FileDiscovery discovery() {
    return Discoveries.file(file).platform(platform);
  }

  private void write(String text) throws IOException {
    Files.writeString(file, text);
  }

  private void aLookAndAnother() {
    platform.advance(SECOND);
    platform.advance(SETTLED);
  }

  @Test
  void the_first_list_is_there_at_once() throws Exception {
    write("a:1\nb:2\n");
    discovery().watch(heard);
    assertThat(heard.last()).isEqualTo(Topology.of(Endpoint.of("a", 1), Endpoint.of("b", 2)));
    try (Balancer balancer = Balancer.builder(Discoveries.file(file)).build()) {
      assertThat(balancer.pick(PickContext.none())).isNotNull();
    }
  }

  @Test
  void a_change_is_taken_up_when_the_file_has_stayed_as_it_is() throws Exception {
    write("a:1\n");
    discovery().watch(heard);
    write("a:1\nb:2\n");
    platform.advance(SECOND);
    assertThat(heard.topologies).hasSize(1);
    platform.advance(SETTLED);
    assertThat(heard.ids()).containsExactly("a:1", "b:2");
    for (int i = 0; i < 10; i++) {
      platform.advance(SECOND);
    }
    assertThat(heard.topologies).hasSize(2);
  }

  @Test
  void half_a_file_is_not_taken_for_a_whole_one() throws Exception {
    write("10.0.0.1:8080\n10.0.0.2:8080\n");
    discovery().watch(heard);
    write("");
    platform.advance(SECOND);
    write("10.0.0.3:8080\n10.0.0.4:80");
    platform.advance(SETTLED);
    write("10.0.0.3:8080\n10.0.0.4:8080\n");
    platform.advance(SETTLED);
    assertThat(heard.topologies).hasSize(1);
    platform.advance(SETTLED);
    assertThat(heard.ids()).containsExactly("10.0.0.3:8080", "10.0.0.4:8080");
  }

  @Test
  void a_change_that_leaves_size_and_time_as_they_were_is_seen_if_the_file_is_young()
      throws Exception {
    write("a:1\n");
    FileTime time = Files.getLastModifiedTime(file);
    discovery().watch(heard);
    write("b:1\n");
    Files.setLastModifiedTime(file, time);
    aLookAndAnother();
    assertThat(heard.ids()).containsExactly("b:1");
  }

  @Test
  void a_file_that_is_touched_all_the_time_is_taken_all_the_same() throws Exception {
    write("a:1\n");
    discovery().watch(heard);
    write("b:1\n");
    platform.advance(SECOND);
    Files.setLastModifiedTime(file, FileTime.from(Instant.now().plusSeconds(1)));
    platform.advance(SETTLED);
    assertThat(heard.ids()).containsExactly("b:1");
  }

  @Test
  void another_file_moved_into_its_place_is_seen_even_if_it_looks_the_same() throws Exception {
    FileTime old = FileTime.from(Instant.now().minusSeconds(3600));
    write("a:1\n");
    Files.setLastModifiedTime(file, old);
    discovery().watch(heard);
    Path next = Files.writeString(folder.resolve("next"), "b:1\n");
    Files.setLastModifiedTime(next, old);
    Files.move(next, file, StandardCopyOption.ATOMIC_MOVE);
    aLookAndAnother();
    assertThat(heard.ids()).containsExactly("b:1");
  }

  @Test
  void a_config_map_that_is_swapped_by_its_link_is_followed() throws Exception {
    // As the kubelet does it: endpoints -> ..data/endpoints, ..data -> a folder with a date.
    Path first = Files.createDirectory(folder.resolve("..2026_01"));
    Files.writeString(first.resolve("endpoints"), "a:1\n");
    Files.createSymbolicLink(folder.resolve("..data"), Path.of("..2026_01"));
    Files.createSymbolicLink(file, Path.of("..data/endpoints"));
    discovery().watch(heard);
    assertThat(heard.ids()).containsExactly("a:1");
    Path second = Files.createDirectory(folder.resolve("..2026_02"));
    Files.writeString(second.resolve("endpoints"), "b:1\n");
    Path link = Files.createSymbolicLink(folder.resolve("..data_tmp"), Path.of("..2026_02"));
    Files.move(link, folder.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
    Files.delete(first.resolve("endpoints"));
    aLookAndAnother();
    assertThat(heard.ids()).containsExactly("b:1");
    assertThat(heard.topologies).hasSize(2);
  }

  @Test
  void a_missing_file_is_absent_and_the_last_list_stays() throws Exception {
    write("a:1\n");
    discovery().watch(heard);
    Files.delete(file);
    platform.advance(SECOND);
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().detail()).contains("no such file", file.toString());
    assertThat(heard.ids()).containsExactly("a:1");
    write("a:1\n");
    aLookAndAnother();
    assertThat(heard.last()).isEqualTo(Topology.of(Endpoint.of("a", 1)));
  }

  @Test
  void a_file_may_come_later() throws Exception {
    discovery().watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().endpoints()).isEmpty();
    write("a:1\n");
    platform.advance(SECOND);
    assertThat(heard.topologies).as("nothing is said while it settles").hasSize(1);
    platform.advance(SETTLED);
    assertThat(heard.last()).isEqualTo(Topology.of(Endpoint.of("a", 1)));
  }

  @Test
  void while_a_file_that_is_back_settles_the_state_stays() throws Exception {
    write("a:1\n");
    discovery().watch(heard);
    Files.delete(file);
    platform.advance(SECOND);
    write("b:1\n");
    platform.advance(SECOND);
    assertThat(heard.last().state()).isEqualTo(State.ABSENT);
    assertThat(heard.last().detail()).contains("no such file");
    platform.advance(SETTLED);
    assertThat(heard.last()).isEqualTo(Topology.of(Endpoint.of("b", 1)));
  }

  @Test
  void bad_lines_are_told_and_good_ones_used() throws Exception {
    write("a:1\nb\n");
    discovery().watch(heard);
    assertThat(heard.ids()).containsExactly("a:1");
    assertThat(heard.last().state()).isEqualTo(State.LIVE);
    assertThat(heard.last().detail()).contains("line 2", "host:port");
  }

  @Test
  void a_file_with_nothing_but_bad_lines_changes_nothing_but_the_state() throws Exception {
    write("a:1\n");
    discovery().watch(heard);
    write("{\"endpoints\": []}\n");
    aLookAndAnother();
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).contains("no line can be read", "line 1");
    assertThat(heard.ids()).containsExactly("a:1");
    write("# nobody\n");
    aLookAndAnother();
    assertThat(heard.last()).as("an empty list is a statement").isEqualTo(Topology.of());
  }

  @Test
  void bad_from_the_start_it_is_syncing() throws Exception {
    write("?\n");
    discovery().watch(heard);
    assertThat(heard.last().state()).isEqualTo(State.SYNCING);
    assertThat(heard.last().detail()).contains("line 1");
  }

  @Test
  void what_is_no_such_file_is_stale() throws Exception {
    write("a:1\n");
    discovery().watch(heard);
    Files.delete(file);
    Files.createDirectory(file);
    platform.advance(SECOND);
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.ids()).containsExactly("a:1");
    Files.delete(file);
    Files.write(file, new byte[FileSource.LARGEST + 1]);
    platform.advance(SECOND);
    assertThat(heard.last().state()).isEqualTo(State.STALE);
    assertThat(heard.last().detail()).contains("over 8388608 bytes");
    write("b:1\n");
    aLookAndAnother();
    assertThat(heard.ids()).containsExactly("b:1");
  }

  @Test
  void after_close_nothing_is_said() throws Exception {
    write("a:1\n");
    AutoCloseable watch = discovery().watch(heard);
    watch.close();
    watch.close();
    write("b:1\n");
    aLookAndAnother();
    assertThat(heard.topologies).hasSize(1);
    assertThat(platform.scheduled()).isZero();
  }

  @Test
  void on_the_systems_platform_it_follows_by_itself() throws Exception {
    write("a:1\n");
    AutoCloseable watch = Discoveries.file(file).every(Duration.ofMillis(100)).watch(heard);
    write("b:1\n");
    await().untilAsserted(() -> assertThat(heard.ids()).containsExactly("b:1"));
    watch.close();
  }

  @Test
  void intervals_are_100_ms_to_an_hour() {
    assertThatThrownBy(() -> discovery().every(Duration.ofMillis(99)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("every: PT0.099S (expected: PT0.1S to PT1H)");
    assertThat(discovery()).hasToString("file " + file);
  }
}
