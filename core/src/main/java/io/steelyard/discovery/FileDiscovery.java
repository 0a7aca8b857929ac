package io.steelyard.discovery;

import io.steelyard.Discovery;
import io.steelyard.Platform;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * Discovers the endpoints that stand in a file, and looks at the file again and again; made by
 * {@link Discoveries#file}, which has the format.
 *
 * <pre>{@code
 * Discovery cart = Discoveries.file(Path.of("/etc/cart/endpoints")).every(Duration.ofSeconds(5));
 * }</pre>
 *
 * <p><b>Changes.</b> The first list is there when {@link #watch} returns. Later the file is looked
 * at every second: its time, size and identity, and its content only where one of them is another,
 * or so young that a second change might not show. A change is taken up when the file is the same
 * 100 ms later, so that half a file is not taken for a whole one; better write another and move it
 * into its place. Links are followed, so the way a ConfigMap is swapped under a pod works.
 *
 * <p><b>States.</b> {@code LIVE}: the file's list. If lines in it are wrong they are left out
 * alone, told in the detail and logged once; if all are, the last good list stays as {@code STALE}.
 * {@code ABSENT}: there is no file; {@code UNAUTHORIZED}: it may not be read; {@code STALE}: it
 * cannot be. In all these the last good list stays. A file without lines is an empty list.
 *
 * <p>Immutable and thread-safe; each setting returns a copy. Each watch reads for itself, on the
 * platform's executor.
 */
public final class FileDiscovery implements Discovery {
  private static final Duration LEAST = Duration.ofMillis(100);
  private static final Duration MOST = Duration.ofHours(1);

  private final Path path;
  private final Duration every;
  private final Platform platform;

  private FileDiscovery(Path path, Duration every, Platform platform) {
    this.path = path;
    this.every = every;
    this.platform = platform;
  }

  static FileDiscovery of(Path path) {
    return new FileDiscovery(
        Objects.requireNonNull(path, "path"), Duration.ofSeconds(1), Platform.system());
  }

  /**
   * Sets how often to look at the file, every second by default.
   *
   * @param interval 100 ms to 1 hour
   * @throws IllegalArgumentException if it is out of range
   */
  public FileDiscovery every(Duration interval) {
    Discoveries.requireBetween("every", interval, LEAST, MOST);
    return new FileDiscovery(path, interval, platform);
  }

  /** Sets clock, timer and threads; {@link Platform#system()} by default. */
  public FileDiscovery platform(Platform platform) {
    return new FileDiscovery(path, every, Objects.requireNonNull(platform, "platform"));
  }

  /** Starts to watch. The file is read on this thread for the first time. */
  @Override
  public AutoCloseable watch(Listener listener) {
    Poller poller =
        new Poller(
            toString(),
            new FileSource(toString(), path, every, platform),
            every,
            platform,
            listener);
    poller.startHere();
    return poller;
  }

  @Override
  public String toString() {
    return "file " + path;
  }
}
