package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps a map equal to the objects a {@link Source} selects, for as long as it is open.
 *
 * <p>List, then watch from the list's version; when the watch ends, watch again from the last
 * version seen; when that version is gone, list aside and swap the map whole. No exception ends it:
 * it waits and tries again, and meanwhile keeps what it has and says how sure it is of it.
 *
 * <p>A server that lets this client list but not watch is listed at every retry instead, so that
 * the map is no older than that; how it stands then stays as the refused watch has left it.
 *
 * <p>All state is guarded by the lock given at construction. Steps under it are short: blocking
 * calls run on {@code io}.
 *
 * @param <T> what is kept of each object
 */
public final class Reflector<T> {
  private static final Logger log = LoggerFactory.getLogger(Reflector.class);

  // A watch that was accepted may still be closed at once (a refused upgrade falls back to plain
  // HTTP, which accepts first and fails later); only after this long does it count as working.
  private static final Duration SETTLED = Duration.ofMillis(500);

  // After so long without a word, a watch that ends at once is not tried again without a list.
  private static final Duration UNHEARD = Duration.ofSeconds(5);

  // The same after so many in a row.
  private static final int FRUITLESS = 3;

  /**
   * How patient to be.
   *
   * @param silence the longest a watch may say nothing before it is checked by a list; a server
   *     sends bookmarks about once a minute
   * @param call the longest one list, or the opening of one watch, may take
   * @param backoff the first delay between retries, doubled each time, with full jitter
   * @param maxBackoff the longest delay
   * @param healthy how long a watch must have lasted for retries to start over
   * @param audit the least time between two audits, which come at random between this and twice
   *     this; zero for none
   */
  public record Settings(
      Duration silence,
      Duration call,
      Duration backoff,
      Duration maxBackoff,
      Duration healthy,
      Duration audit) {
    /** Settings without audits. */
    public Settings(
        Duration silence, Duration call, Duration backoff, Duration maxBackoff, Duration healthy) {
      this(silence, call, backoff, maxBackoff, healthy, Duration.ZERO);
    }

    /**
     * Two minutes of silence, 10 s a call, 800 ms to 30 s between retries, two minutes healthy,
     * audits every 5 to 10 minutes.
     */
    public static final Settings DEFAULT =
        new Settings(
            Duration.ofSeconds(120),
            Duration.ofSeconds(10),
            Duration.ofMillis(800),
            Duration.ofSeconds(30),
            Duration.ofMinutes(2),
            Duration.ofMinutes(5));

    /** Returns these settings with another limit to a watch's silence. */
    public Settings withSilence(Duration silence) {
      return new Settings(silence, call, backoff, maxBackoff, healthy, audit);
    }

    /** Returns these settings with another least time between audits, zero for none. */
    public Settings withAudit(Duration audit) {
      return new Settings(silence, call, backoff, maxBackoff, healthy, audit);
    }
  }

  /**
   * How far the map can be trusted.
   *
   * @param detail for people: why
   * @param cause what was thrown last, if the reason is an exception
   */
  public record Health(Topology.State state, @Nullable String detail, @Nullable Throwable cause) {
    /** Health without a cause. */
    public Health(Topology.State state, @Nullable String detail) {
      this(state, detail, null);
    }
  }

  /**
   * What was done so far.
   *
   * @param lists asked for, answered or not, those of audits not among them
   * @param relists of these, those after the first that was answered
   * @param watches accepted by the server
   * @param reconnects watches that ended and were followed by another attempt
   * @param silences watches given up because they said nothing for too long
   * @param audits comparisons made with a list
   * @param mismatches objects that an audit found to differ
   * @param unreadable objects of the latest list that could not be read
   */
  public record Counts(
      long lists,
      long relists,
      long watches,
      long reconnects,
      long silences,
      long audits,
      long mismatches,
      int unreadable) {}

  private enum Verb {
    LIST,
    WATCH
  }

  private final Source<T> source;
  private final String what;
  private final Platform platform;
  private final ReentrantLock lock;
  private final Settings settings;
  private final Runnable changed;

  private final Attempts attempts;
  private final Backoff backoff;
  private final Standing standing;
  private final Audit<T> audit;

  private Map<String, T> items = new LinkedHashMap<>();
  private long revision; // of the items
  private boolean loaded;
  private @Nullable String version; // null: list first
  private boolean closed;

  private Platform.@Nullable Cancellable retry;

  private int gone; // versions in a row, without two healthy minutes between
  private boolean unwatchable; // may be listed, perhaps, but not watched
  private boolean unexplained; // watches have ended at once, and nobody has said why
  private boolean bookmarks; // this server sends them, so silence means something
  private long openedAt;
  private long heardAt;
  private boolean heard;

  private long lists;
  private long relists;
  private long watches;
  private long reconnects;
  private long silences;
  private int unreadable;

  /**
   * Creates a reflector that does nothing until {@link #start()}.
   *
   * @param what for messages: {@code endpointslices.discovery.k8s.io in namespace shop}
   * @param changed called under the lock whenever the map or the health has changed
   */
  public Reflector(
      Source<T> source,
      String what,
      Platform platform,
      ReentrantLock lock,
      ExecutorService io,
      Settings settings,
      Runnable changed) {
    this.source = source;
    this.what = what;
    this.platform = platform;
    this.lock = lock;
    this.settings = settings;
    this.changed = changed;
    this.attempts = new Attempts(this, platform, io, settings.call());
    this.backoff = new Backoff(platform, settings);
    this.standing = new Standing(what, platform, settings.healthy());
    this.audit = new Audit<>(this, source, what, platform, io, settings, backoff);
  }

  /** Starts listing and watching. */
  public void start() {
    step(
        () -> {
          next();
          audit.later();
        });
  }

  /** Stops for good: afterwards nothing is called and no timer is left. */
  public void close() {
    lock.lock();
    try {
      stop();
      items = new LinkedHashMap<>(); // whoever holds on to a closed watch need not hold these
      revision++;
      standing.closed();
    } finally {
      lock.unlock();
    }
  }

  /** The objects as last known; under the lock, and until the next change only. */
  public Collection<T> items() {
    return Collections.unmodifiableCollection(items.values());
  }

  /** Another number whenever the objects are others; under the lock. */
  public long revision() {
    return revision;
  }

  /** Whether the map was ever read; under the lock. */
  public boolean loaded() {
    return loaded;
  }

  /** How far the map can be trusted; under the lock. */
  public Health health() {
    return standing.health();
  }

  /** What was done so far; under the lock. */
  public Counts counts() {
    return new Counts(
        lists,
        relists,
        watches,
        reconnects,
        silences,
        audit.audits(),
        audit.mismatches(),
        unreadable);
  }

  /** The version the map stands at; under the lock. */
  public @Nullable String version() {
    return version;
  }

  /** Time since the last list, event or bookmark, or null before the first; under the lock. */
  public @Nullable Duration sinceHeard() {
    return heard ? Duration.ofNanos(platform.nanoTime() - heardAt) : null;
  }

  /** Runs one short step under the lock. Nothing it throws is the end of watching. */
  void step(Runnable step) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      try {
        step.run();
      } catch (Throwable t) { // an Error too
        metABug(t);
      }
    } finally {
      lock.unlock();
    }
  }

  private void metABug(Throwable bug) {
    try {
      attempts.end();
      version = null;
      standing.bug(loaded, bug);
      changed.run();
    } catch (Throwable again) { // most likely the same
      log.debug("Kubernetes: {}, beginning anew", what, again);
    } finally {
      backoff.failed();
      retryAfter(backoff.delay());
      audit.later();
    }
  }

  private void next() {
    retry = null;
    if (version == null) {
      list();
    } else {
      watch(version);
    }
  }

  // For audits

  /** The number of the list or watch that has the word. */
  long attempt() {
    return attempts.current();
  }

  /** Whether a watch is open. */
  boolean watching() {
    return attempts.isOpen();
  }

  /** The objects as last known, by key. */
  Map<String, T> known() {
    return items;
  }

  /** The watch cannot be trusted any more: lists anew, over another connection. */
  void startOver() {
    attempts.end();
    reconnects++;
    version = null;
    source.renew();
    next();
  }

  // Lists

  private void list() {
    lists++;
    relists += loaded ? 1 : 0;
    attempts.begin(
        mine -> source.list(), this::listed, late -> {}, cause -> callFailed(Verb.LIST, cause));
  }

  private void listed(Source.Listing<T> listing) {
    Map<String, T> read = readable(listing);
    boolean news = !loaded;
    loaded = true;
    if (news || !read.equals(items)) {
      Map<String, T> before = items;
      read.replaceAll((key, value) -> value.equals(before.get(key)) ? before.get(key) : value);
      items = read;
      revision++;
      news = true;
    }
    version = listing.version();
    heard();
    news |= !unwatchable && live();
    if (news) {
      changed.run();
    }
    watch(listing.version());
  }

  /** What was listed; of an object that cannot be read, what was known of it. */
  private Map<String, T> readable(Source.Listing<T> listing) {
    Map<String, T> read = new LinkedHashMap<>(listing.items());
    for (String key : listing.unreadable().keySet()) {
      T known = items.get(key);
      if (known != null) {
        read.put(key, known);
      }
    }
    int before = unreadable;
    unreadable = listing.unreadable().size();
    if (unreadable > 0 && before == 0) {
      Map.Entry<String, String> one = listing.unreadable().entrySet().iterator().next();
      log.warn(
          "Kubernetes: {} of {} cannot be read, such as {}: {}; what was known of them stays",
          unreadable,
          what,
          one.getKey(),
          one.getValue());
    }
    return read;
  }

  // Watches

  private void watch(String from) {
    boolean ask = unexplained || unwatchable;
    attempts.begin(
        mine -> {
          if (ask) {
            source.requireWatchable(from);
          }
          return source.watch(from, events(mine));
        },
        this::opened,
        Attempts::closeQuietly,
        cause -> callFailed(Verb.WATCH, cause));
  }

  private void opened(AutoCloseable opened) {
    watches++;
    openedAt = platform.nanoTime();
    attempts.open(opened);
    attempts.after(settings.silence(), this::checkSilence);
    attempts.whenSettled(SETTLED, this::settled);
  }

  /** A watch has been open for a while: it works, unless its client was closed as it opened. */
  private void settled() {
    if (source.isClosed()) {
      clientClosed(); // a watch that opens meanwhile is never told
    } else {
      proven();
    }
  }

  private Source.Events<T> events(long mine) {
    return new Source.Events<>() {
      @Override
      public void put(String key, T value, @Nullable String at) {
        attempts.stepOf(
            mine,
            () -> {
              advance(at);
              audit.touch(key);
              if (!value.equals(items.get(key))) {
                items.put(key, value);
                revision++;
                changed.run();
              }
            });
      }

      @Override
      public void remove(String key, @Nullable String at) {
        attempts.stepOf(
            mine,
            () -> {
              advance(at);
              audit.touch(key);
              if (items.remove(key) != null) {
                revision++;
                changed.run();
              }
            });
      }

      @Override
      public void bookmark(@Nullable String at) {
        attempts.stepOf(
            mine,
            () -> {
              bookmarks = true;
              advance(at);
            });
      }

      @Override
      public void ended(@Nullable Throwable cause) {
        attempts.stepOf(mine, () -> watchEnded(cause));
      }
    };
  }

  private void advance(@Nullable String at) {
    if (at != null && !at.isEmpty()) {
      version = at;
    }
    heard();
    proven();
  }

  private void watchEnded(@Nullable Throwable cause) {
    Duration lasted = Duration.ofNanos(platform.nanoTime() - openedAt);
    boolean open = attempts.isOpen();
    attempts.end();
    reconnects++;
    if (open && lasted.compareTo(settings.healthy()) >= 0) {
      healthy();
    }
    if (source.isClosed()) {
      clientClosed();
    } else if (cause != null && Failure.of(cause).kind() != Failure.Kind.UNREACHABLE) {
      failed(Verb.WATCH, cause);
    } else {
      // In good order or cut, the next attempt will tell; one that follows at once says nothing
      // yet.
      backoff.failed();
      log.debug("Kubernetes: the watch of {} ended after {}", what, lasted, cause);
      // The delay bounds how often a server is asked, so the time the watch has lasted counts
      // towards it: a proxy that cuts every watch after a minute costs no freshness.
      Duration delay = open ? backoff.delay().minus(lasted) : backoff.delay();
      if (delay.compareTo(Backoff.FIRST) <= 0) {
        delay = backoff.jittered(Backoff.FIRST);
      } else {
        String why = cause == null ? "closed by the server" : Failure.of(cause).text();
        boolean worked = open && lasted.compareTo(SETTLED) >= 0;
        boolean unheard = platform.nanoTime() - heardAt >= UNHEARD.toNanos();
        if (!worked && (unheard || backoff.failures() >= FRUITLESS)) {
          // Watches that end at once and do not say why: a list will say (no rights, perhaps), or a
          // plain request to watch; and until watching works again lists keep the items fresh.
          version = null;
          unexplained = true;
        }
        trouble(
            worked
                ? "the watch of " + what + " ends again and again: " + why
                : "cannot watch " + what + ": " + why,
            cause);
      }
      retryAfter(delay);
    }
  }

  private void healthy() {
    backoff.healthy();
    gone = 0;
  }

  /** A half-open connection looks like a quiet one: only asking anew tells them apart. */
  private void checkSilence() {
    long last = heardAt - openedAt > 0 ? heardAt : openedAt;
    Duration silent = Duration.ofNanos(platform.nanoTime() - last);
    Duration left = settings.silence().minus(silent);
    if (!left.isNegative() && !left.isZero()) {
      attempts.after(left, this::checkSilence);
      return;
    }
    silences++;
    if (heard && Duration.ofNanos(heardAt - openedAt).compareTo(settings.healthy()) >= 0) {
      healthy(); // before it fell silent
    }
    if (bookmarks) {
      log.warn(
          "Kubernetes: the watch of {} has been silent for {} s, bookmarks and all; it is closed "
              + "and everything listed anew",
          what,
          silent.toSeconds());
    } else {
      log.debug("Kubernetes: the watch of {} has been silent for {}; listing anew", what, silent);
    }
    startOver();
  }

  // Failures

  private void callFailed(Verb verb, Throwable cause) {
    attempts.end();
    if (source.isClosed()) {
      clientClosed();
    } else {
      failed(verb, cause);
    }
  }

  private void failed(Verb verb, Throwable cause) {
    Failure failure = Failure.of(cause);
    log.debug("Kubernetes: {} {}: {}", verb, what, failure.text(), cause);
    if (listsAnew(verb, failure.kind())) {
      version = null;
      // The server answered, so the list is as good as it was. Listing at once is right the first
      // time; a server or proxy that says so each time must not make every client list in a loop.
      if (verb == Verb.WATCH && failure.kind() != Failure.Kind.UNAUTHORIZED && gone++ == 0) {
        next();
        return;
      }
    }
    unwatchable |= verb == Verb.WATCH && failure.kind() == Failure.Kind.UNAUTHORIZED;
    backoff.failed();
    if (failure.timedOut() || failure.code() == 401 || failure.kind() == Failure.Kind.UNTRUSTED) {
      source.renew(); // a half-open connection, or certificates that have been rotated
    }
    Duration delay = backoff.delay();
    if (failure.retryAfter().compareTo(delay) > 0) {
      delay = failure.retryAfter().plus(backoff.jittered(settings.backoff()));
    }
    retryAfter(delay);
    complain(name(verb) + " " + what + ": " + failure.text(), failure.kind(), cause);
  }

  private static boolean listsAnew(Verb verb, Failure.Kind kind) {
    return switch (kind) {
      case GONE, UNREADABLE -> true;
      case NOT_FOUND, UNAUTHORIZED -> verb == Verb.WATCH;
      case BUSY, UNTRUSTED, UNREACHABLE -> false;
    };
  }

  private void complain(String attempted, Failure.Kind kind, Throwable cause) {
    switch (kind) {
      case UNAUTHORIZED ->
          refused(
              Topology.State.UNAUTHORIZED,
              "may not " + attempted,
              "needs a Role that allows list and watch on it",
              cause);
      case UNTRUSTED ->
          refused(null, "cannot " + attempted, "needs certificates that both sides trust", cause);
      case NOT_FOUND ->
          refused(null, "cannot " + attempted, "needs a cluster that serves it", cause);
      case GONE, UNREADABLE, BUSY, UNREACHABLE -> trouble("cannot " + attempted, cause);
    }
  }

  private static String name(Verb verb) {
    return verb == Verb.LIST ? "list" : "watch";
  }

  private void retryAfter(Duration delay) {
    cancelRetry();
    if (!closed) { // from within changed, perhaps
      retry = platform.schedule(() -> step(this::next), delay);
    }
  }

  // Health

  private void heard() {
    heard = true;
    heardAt = platform.nanoTime();
  }

  /** The server has spoken on the current watch. */
  private void proven() {
    unwatchable = false;
    unexplained = false;
    if (live()) {
      changed.run();
    }
  }

  private boolean live() {
    boolean troubled = standing.health().detail() != null;
    if (!loaded || !standing.live()) {
      return false;
    }
    if (troubled) {
      audit.soon();
    }
    return true;
  }

  private void trouble(String detail, @Nullable Throwable cause) {
    if (standing.trouble(loaded, detail, cause)) {
      changed.run();
    }
  }

  private void refused(
      Topology.@Nullable State state, String detail, String remedy, Throwable cause) {
    if (standing.refused(loaded, state, detail, remedy, cause)) {
      changed.run();
    }
  }

  private void clientClosed() {
    stop();
    standing.clientClosed();
    changed.run();
  }

  private void stop() {
    closed = true;
    attempts.stop();
    audit.stop();
    cancelRetry();
  }

  private void cancelRetry() {
    if (retry != null) {
      retry.cancel();
      retry = null;
    }
  }

  @Override
  public String toString() {
    return "Reflector[" + Objects.requireNonNull(what) + "]";
  }
}
