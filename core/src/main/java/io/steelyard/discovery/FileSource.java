package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import io.steelyard.Topology;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at a file: see {@link FileDiscovery}. */
final class FileSource implements Poller.Source {
  private static final Logger log = LoggerFactory.getLogger(Discovery.class);

  /** Larger files are refused: somebody has the wrong one. */
  static final int LARGEST = 8 << 20;

  /** How long a file must have been as it is. */
  static final Duration SETTLED = Duration.ofMillis(100);

  /**
   * A file changed twice within the grain of its file system's clock looks unchanged. Two seconds
   * is the coarsest there is (FAT).
   */
  private static final long GRAIN_MILLIS = 2000;

  private final String name;
  private final Path path;
  private final Duration every;
  private final Platform platform;

  private @Nullable Content taken; // what the list was read from
  private @Nullable Content seen; // what may be taken next, if it stays
  private Topology list = Topology.syncing(); // as taken
  private Topology good = Topology.syncing(); // the last with a list
  private Topology said = Topology.syncing(); // the last answer
  private List<String> told = List.of();
  private boolean looked;

  FileSource(String name, Path path, Duration every, Platform platform) {
    this.name = name;
    this.path = path;
    this.every = every;
    this.platform = platform;
  }

  /** What tells a file from the same one later, as far as can be told without reading it. */
  private record Mark(FileTime modified, long size, @Nullable Object key) {}

  /** A file's bytes, and whether its mark would show another change. */
  private static final class Content {
    final Mark mark;
    final boolean settled;
    final byte[] bytes;

    Content(Mark mark, boolean settled, byte[] bytes) {
      this.mark = mark;
      this.settled = settled;
      this.bytes = bytes;
    }

    /** By what it says: a file that is touched all the time is still the same. */
    boolean sameAs(@Nullable Content other) {
      return other != null && Arrays.equals(bytes, other.bytes);
    }
  }

  @Override
  public Poller.Look look() {
    try {
      boolean changing = readAgain();
      return changing ? new Poller.Look(said, SETTLED) : say(list);
    } catch (NoSuchFileException e) {
      return without(Topology.State.ABSENT, "no such file: " + path);
    } catch (AccessDeniedException e) {
      return without(Topology.State.UNAUTHORIZED, "may not be read: " + path);
    } catch (IOException e) {
      return without(stale(), "cannot be read: " + e);
    } finally {
      looked = true;
    }
  }

  private Poller.Look without(Topology.State state, String detail) {
    seen = null;
    return say(good.with(state, detail));
  }

  private Poller.Look say(Topology topology) {
    said = topology;
    return new Poller.Look(topology, every);
  }

  private Topology.State stale() {
    return good.state() == Topology.State.SYNCING ? Topology.State.SYNCING : Topology.State.STALE;
  }

  /** Brings {@link #list} up to date; true if the file is just changing. */
  private boolean readAgain() throws IOException {
    Content before = taken;
    if (before != null && before.settled && before.mark.equals(mark())) {
      seen = null;
      return false;
    }
    Content now = read();
    if (now.sameAs(before)) {
      take(now, false); // its mark is another
      return false;
    }
    if (!looked || now.sameAs(seen)) { // the first list is awaited
      take(now, true);
      return false;
    }
    seen = now;
    return true;
  }

  private void take(Content content, boolean changed) {
    taken = content;
    seen = null;
    if (!changed) {
      return;
    }
    EndpointLines lines = EndpointLines.read(new String(content.bytes, StandardCharsets.UTF_8));
    for (String problem : lines.newSince(told)) {
      log.warn("{}: left out: {}", name, problem);
    }
    told = lines.problems();
    if (lines.problems().isEmpty()) {
      list = Topology.of(lines.endpoints());
    } else if (lines.endpoints().isEmpty()) {
      list = good.with(stale(), "no line can be read: " + lines.complaint());
      return;
    } else {
      list =
          Topology.of(lines.endpoints())
              .with(Topology.State.LIVE, "left out: " + lines.complaint());
    }
    good = list;
  }

  private Mark mark() throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(path, BasicFileAttributes.class);
    return new Mark(attributes.lastModifiedTime(), attributes.size(), attributes.fileKey());
  }

  private Content read() throws IOException {
    Mark mark = mark();
    byte[] bytes;
    try (InputStream in = Files.newInputStream(path)) {
      bytes = in.readNBytes(LARGEST + 1);
    }
    if (bytes.length > LARGEST) {
      throw new IOException(path + ": over " + LARGEST + " bytes (expected: a list of endpoints)");
    }
    boolean settled = platform.epochMillis() - mark.modified().toMillis() > GRAIN_MILLIS;
    return new Content(mark, settled, bytes);
  }
}
