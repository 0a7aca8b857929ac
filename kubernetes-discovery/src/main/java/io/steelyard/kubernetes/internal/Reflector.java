package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import io.steelyard.Topology;
import java.io.InterruptedIOException;
import java.net.http.HttpTimeoutException;
import java.time.Duration;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
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
 * <p>Every list and every watch is an <em>attempt</em> with a number of its own. Whatever arrives
 * for an attempt that is no longer the current one (an event behind a close, an answer behind a
 * timeout) is dropped, so there is never more than one voice.
 *
 * <p>All state is guarded by the lock given at construction. Steps under it are short: blocking
 * calls run on {@code io}.
 *
 * @param <T> what is kept of each object
 */
public final class Reflector<T> {
  private static final Logger log = LoggerFactory.getLogger(Reflector.class);

  // The first retry is quick: most watches end because the server ends them, in good order.
  private static final Duration FIRST_RETRY = Duration.ofMillis(100);
  // A watch that was accepted may still be closed at once (a refused upgrade falls back to plain
  // HTTP, which accepts first and fails later); only after this long does it count as working.
  private static final Duration SETTLED = Duration.ofMillis(500);

  // How long an audit waits for a watch to say what a list has said.
  private static final Duration SECOND_LOOK = Duration.ofSeconds(5);

  // How soon there is an audit after an episode of trouble, with full jitter.
  private static final Duration AFTER_TROUBLE = Duration.ofSeconds(30);

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
  private final ExecutorService io;
  private final Settings settings;
  private final Runnable changed;

  private Map<String, T> items = new LinkedHashMap<>();
  private boolean loaded;
  private @Nullable String version; // null: list first
  private Health health = new Health(Topology.State.SYNCING, null);
  private boolean closed;

  private long attempt;
  private @Nullable AutoCloseable handle;
  private Platform.@Nullable Cancellable deadline; // of a call, or of a watch's silence
  private Platform.@Nullable Cancellable settling;
  private Platform.@Nullable Cancellable retry;

  private int failures; // in a row, without two healthy minutes between
  private int startsOver; // of those, lists because a version was gone
  private boolean announced; // this episode has had its WARN or ERROR
  private boolean refused; // ... as an ERROR
  private @Nullable Long warned; // when the last WARN was
  private boolean bookmarks; // this server sends them, so silence means something
  private long openedAt;
  private long heardAt;
  private boolean heard;
  private long troubledAt;

  private Platform.@Nullable Cancellable auditing; // until the next audit, or its second look
  private @Nullable Set<String> touched; // since an audit's first look; null while there is none

  private long lists;
  private long relists;
  private long watches;
  private long reconnects;
  private long silences;
  private long audits;
  private long mismatches;
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
    this.io = io;
    this.settings = settings;
    this.changed = changed;
  }

  /** Starts listing and watching. */
  public void start() {
    step(
        () -> {
          next();
          auditLater();
        });
  }

  /** Stops for good: afterwards nothing is called and no timer is left. */
  public void close() {
    lock.lock();
    try {
      closed = true;
      endAttempt();
      cancel(retry);
      retry = null;
      cancel(auditing);
      auditing = null;
      items = new LinkedHashMap<>(); // whoever holds on to a closed watch need not hold these
      health = new Health(Topology.State.CLOSED, null);
    } finally {
      lock.unlock();
    }
  }

  /** The objects as last known; under the lock, and until the next change only. */
  public Collection<T> items() {
    return Collections.unmodifiableCollection(items.values());
  }

  /** Whether the map was ever read; under the lock. */
  public boolean loaded() {
    return loaded;
  }

  /** How far the map can be trusted; under the lock. */
  public Health health() {
    return health;
  }

  /** What was done so far; under the lock. */
  public Counts counts() {
    return new Counts(
        lists, relists, watches, reconnects, silences, audits, mismatches, unreadable);
  }

  /** The version the map stands at; under the lock. */
  public @Nullable String version() {
    return version;
  }

  /** Time since the last list, event or bookmark, or null before the first; under the lock. */
  public @Nullable Duration sinceHeard() {
    return heard ? Duration.ofNanos(platform.nanoTime() - heardAt) : null;
  }

  /** Runs one short step under the lock. A bug in it must not be the end of watching. */
  private void step(Runnable step) {
    lock.lock();
    try {
      if (closed) {
        return;
      }
      try {
        step.run();
      } catch (RuntimeException e) {
        log.error("Kubernetes: watching {} met a bug and starts over", what, e);
        endAttempt();
        version = null;
        failures++;
        retryAfter(delay());
      }
    } finally {
      lock.unlock();
    }
  }

  private void stepOf(long mine, Runnable step) {
    step(
        () -> {
          if (mine == attempt) {
            step.run();
          }
        });
  }

  private void next() {
    retry = null;
    if (version == null) {
      list();
    } else {
      watch(version);
    }
  }

  // Lists

  private void list() {
    lists++;
    relists += loaded ? 1 : 0;
    call(Verb.LIST, mine -> source.list(), this::listed, late -> {});
  }

  private void listed(Source.Listing<T> listing) {
    Map<String, T> before = items;
    items = readable(listing);
    version = listing.version();
    heard();
    boolean first = !loaded;
    loaded = true;
    boolean recovered = recovered();
    if (first || recovered || !before.equals(items)) {
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
    call(Verb.WATCH, mine -> source.watch(from, events(mine)), this::opened, this::closeQuietly);
  }

  private void opened(AutoCloseable opened) {
    watches++;
    handle = opened;
    openedAt = platform.nanoTime();
    long mine = attempt;
    awaitSilence(mine, settings.silence());
    settling = platform.schedule(() -> stepOf(mine, this::settled), SETTLED);
  }

  /** A watch has been open for a while: it works, unless its client was closed as it opened. */
  private void settled() {
    settling = null;
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
        stepOf(
            mine,
            () -> {
              advance(at);
              touch(key);
              if (!value.equals(items.put(key, value))) {
                changed.run();
              }
            });
      }

      @Override
      public void remove(String key, @Nullable String at) {
        stepOf(
            mine,
            () -> {
              advance(at);
              touch(key);
              if (items.remove(key) != null) {
                changed.run();
              }
            });
      }

      @Override
      public void bookmark(@Nullable String at) {
        stepOf(
            mine,
            () -> {
              bookmarks = true;
              advance(at);
            });
      }

      @Override
      public void ended(@Nullable Throwable cause) {
        stepOf(mine, () -> watchEnded(cause));
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
    boolean open = handle != null;
    endAttempt();
    reconnects++;
    if (open && lasted.compareTo(settings.healthy()) >= 0) {
      failures = 0;
      relists = 0;
    }
    if (source.isClosed()) {
      clientClosed();
    } else if (cause != null && Failure.of(cause).kind() != Failure.Kind.UNREACHABLE) {
      failed(Verb.WATCH, cause);
    } else {
      // In good order or cut, the next attempt will tell; one that follows at once says nothing
      // yet.
      failures++;
      log.debug("Kubernetes: the watch of {} ended after {}", what, lasted, cause);
      // The delay bounds how often a server is asked, so the time the watch has lasted counts
      // towards it: a proxy that cuts every watch after a minute costs no freshness.
      Duration delay = open ? delay().minus(lasted) : delay();
      if (delay.compareTo(FIRST_RETRY) <= 0) {
        delay = jittered(FIRST_RETRY);
      } else {
        String why = cause == null ? "closed by the server" : Failure.of(cause).text();
        boolean worked = open && lasted.compareTo(SETTLED) >= 0;
        boolean unheard = platform.nanoTime() - heardAt >= UNHEARD.toNanos();
        if (!worked && (unheard || failures >= FRUITLESS)) {
          // Watches that end at once and do not say why: a list will say (no rights, perhaps), and
          // until watching works again it is what keeps the items fresh.
          version = null;
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

  /** A half-open connection looks like a quiet one: only asking anew tells them apart. */
  private void awaitSilence(long mine, Duration delay) {
    deadline = platform.schedule(() -> stepOf(mine, () -> checkSilence(mine)), delay);
  }

  private void checkSilence(long mine) {
    deadline = null;
    long last = heardAt - openedAt > 0 ? heardAt : openedAt;
    Duration silent = Duration.ofNanos(platform.nanoTime() - last);
    Duration left = settings.silence().minus(silent);
    if (!left.isNegative() && !left.isZero()) {
      awaitSilence(mine, left);
      return;
    }
    silences++;
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

  // Audits: a watch that has lost an event looks like one that had none to lose

  private void auditLater() {
    auditAfter(settings.audit().plus(jittered(settings.audit())));
  }

  private void auditAfter(Duration delay) {
    touched = null;
    auditStep(this::audit, delay);
  }

  private void auditStep(Runnable step, Duration delay) {
    cancel(auditing);
    auditing = null;
    if (!closed && !settings.audit().isZero()) {
      auditing = platform.schedule(() -> step(step), delay);
    }
  }

  private void audit() {
    if (handle == null) {
      auditLater(); // it is about to list anyway
      return;
    }
    touched = new HashSet<>();
    String before = version;
    compare(
        listing -> {
          Set<String> suspects = differing(listing);
          if (wentBack(before, listing.version())) {
            audits++;
            auditLater();
            log.warn(
                "Kubernetes: the API server's version of {} went from {} back to {}, as after a"
                    + " restored backup; everything is listed anew",
                what,
                before,
                listing.version());
            startOver();
          } else if (suspects.isEmpty()) {
            audits++;
            auditLater();
          } else {
            // Most likely the watch is a moment ahead of or behind the list; give it time.
            auditStep(() -> lookAgain(suspects), SECOND_LOOK);
          }
        });
  }

  private void lookAgain(Set<String> suspects) {
    compare(
        listing -> {
          audits++;
          Set<String> differing = differing(listing);
          differing.retainAll(suspects);
          differing.removeAll(Objects.requireNonNullElse(touched, Set.of()));
          auditLater();
          if (!differing.isEmpty()) {
            mismatches += differing.size();
            log.warn(
                "Kubernetes: the watch of {} has missed {} changes, such as that of {}; it is closed"
                    + " and everything listed anew",
                what,
                differing.size(),
                differing.iterator().next());
            startOver();
          }
        });
  }

  private void startOver() {
    endAttempt();
    reconnects++;
    version = null;
    source.renew();
    next();
  }

  /**
   * Whether a consistent list is older than what was known before it was asked for. A watch from a
   * version that is yet to come is accepted by some servers and says nothing for a long time.
   */
  private static boolean wentBack(@Nullable String before, String listed) {
    try {
      return before != null && Long.parseLong(listed) < Long.parseLong(before);
    } catch (NumberFormatException e) {
      return false; // versions are opaque, though all servers so far have numbers
    }
  }

  /** Lists beside the watch; if that fails, or the watch has ended meanwhile, another time. */
  private void compare(Consumer<Source.Listing<T>> look) {
    long mine = attempt;
    auditStep(this::audit, settings.audit().plus(settings.call())); // should it never answer
    try {
      io.execute(
          () -> {
            Source.Listing<T> listing;
            try {
              listing = source.list();
            } catch (Throwable t) { // an Error too: nothing may end auditing
              log.debug("Kubernetes: auditing {}", what, t);
              step(this::auditLater);
              return;
            }
            step(
                () -> {
                  if (mine == attempt) {
                    look.accept(listing);
                  } else {
                    auditLater();
                  }
                });
          });
    } catch (RejectedExecutionException e) {
      auditLater();
    }
  }

  private Set<String> differing(Source.Listing<T> listing) {
    Set<String> keys = new TreeSet<>(items.keySet());
    keys.addAll(listing.items().keySet());
    keys.removeAll(listing.unreadable().keySet());
    keys.removeIf(key -> Objects.equals(items.get(key), listing.items().get(key)));
    return keys;
  }

  private void touch(String key) {
    if (touched != null) {
      touched.add(key);
    }
  }

  // Calls

  /** Runs a blocking call as the next attempt. At most one of done, late and failed follows. */
  private <R> void call(Verb verb, Call<R> body, Consumer<R> done, Consumer<R> late) {
    endAttempt();
    if (closed) {
      return; // from within changed
    }
    long mine = attempt;
    Callable<@Nullable Void> task =
        () -> {
          R result;
          try {
            result = body.run(mine);
          } catch (Throwable t) { // an Error too: nothing may end watching
            stepOf(mine, () -> callFailed(verb, t));
            return null;
          }
          answered(mine, result, done, late);
          return null;
        };
    Future<?> future;
    try {
      future = io.submit(task);
    } catch (RejectedExecutionException e) {
      callFailed(verb, e);
      return;
    }
    if (mine == attempt && deadline == null && handle == null) { // else it ran already
      deadline =
          platform.schedule(
              () ->
                  stepOf(
                      mine,
                      () -> {
                        deadline = null;
                        future.cancel(true);
                        String message = "no answer within " + settings.call().toSeconds() + " s";
                        source.renew();
                        callFailed(verb, new TimeoutException(message));
                      }),
              settings.call());
    }
  }

  private <R> void answered(long mine, R result, Consumer<R> done, Consumer<R> late) {
    boolean[] current = {false};
    stepOf(
        mine,
        () -> {
          current[0] = true;
          cancel(deadline);
          deadline = null;
          done.accept(result);
        });
    if (!current[0]) {
      late.accept(result);
    }
  }

  private interface Call<R> {
    R run(long mine) throws Exception;
  }

  private void callFailed(Verb verb, Throwable cause) {
    endAttempt();
    if (source.isClosed()) {
      clientClosed();
    } else {
      failed(verb, cause);
    }
  }

  private void failed(Verb verb, Throwable cause) {
    Failure failure = Failure.of(cause);
    log.debug("Kubernetes: {} {}: {}", verb, what, failure.text(), cause);
    boolean startOver =
        switch (failure.kind()) {
          case GONE, UNREADABLE -> true;
          case NOT_FOUND -> verb == Verb.WATCH;
          default -> false;
        };
    if (startOver) {
      version = null;
      // The server answered, so the list is as good as it was. Listing at once is right the first
      // time; a server or proxy that says so each time must not make every client list in a loop.
      if (verb == Verb.WATCH && startsOver++ == 0) {
        next();
        return;
      }
    }
    failures++;
    String attempted = name(verb) + " " + what + ": " + failure.text();
    switch (failure.kind()) {
      case UNAUTHORIZED ->
          refused(
              Topology.State.UNAUTHORIZED,
              "may not " + attempted,
              "needs a Role that allows list and watch on it",
              cause);
      case UNTRUSTED ->
          refused(
              known(), "cannot " + attempted, "needs certificates that both sides trust", cause);
      case NOT_FOUND ->
          refused(known(), "cannot " + attempted, "needs a cluster that serves it", cause);
      default -> trouble("cannot " + attempted, cause);
    }
    if (timedOut(cause) || failure.code() == 401 || failure.kind() == Failure.Kind.UNTRUSTED) {
      source.renew(); // a half-open connection, or certificates that have been rotated
    }
    Duration delay = delay();
    if (failure.retryAfter().compareTo(delay) > 0) {
      delay = failure.retryAfter().plus(jittered(settings.backoff()));
    }
    retryAfter(delay);
  }

  private static boolean timedOut(Throwable cause) {
    Throwable t = cause;
    for (int depth = 0; t != null && depth < 16; depth++) {
      if (t instanceof TimeoutException
          || t instanceof InterruptedIOException
          || t instanceof HttpTimeoutException
          || "Canceled".equals(t.getMessage())) {
        return true; // each HTTP client has its own; OkHttp's is a word
      }
      t = t.getCause();
    }
    return false;
  }

  private static String name(Verb verb) {
    return verb == Verb.LIST ? "list" : "watch";
  }

  private void retryAfter(Duration delay) {
    cancel(retry);
    if (!closed) { // which changed may have done
      retry = platform.schedule(() -> step(this::next), delay);
    }
  }

  /** Full jitter (Brooker, "Exponential Backoff and Jitter", 2015): a thousand clients spread. */
  private Duration delay() {
    if (failures <= 1) {
      return jittered(FIRST_RETRY);
    }
    Duration cap = settings.maxBackoff();
    int doublings = failures - 2;
    if (doublings < 20) {
      Duration doubled = settings.backoff().multipliedBy(1L << doublings);
      cap = doubled.compareTo(cap) < 0 ? doubled : cap;
    }
    return jittered(cap);
  }

  private Duration jittered(Duration most) {
    return Duration.ofNanos((long) (most.toNanos() * platform.random().nextDouble()));
  }

  // Health

  private void heard() {
    heard = true;
    heardAt = platform.nanoTime();
  }

  /** The server has spoken on the current watch. */
  private void proven() {
    if (recovered()) {
      changed.run();
    }
  }

  private boolean recovered() {
    if (!loaded || health.state() == Topology.State.LIVE) {
      return false;
    }
    if (announced) {
      Duration lasted = Duration.ofNanos(platform.nanoTime() - troubledAt);
      log.info("Kubernetes: {} can be watched again, after {} ms", what, lasted.toMillis());
      auditAfter(jittered(AFTER_TROUBLE)); // who knows what the server was restored from
    }
    announced = false;
    refused = false;
    health = new Health(Topology.State.LIVE, null);
    return true;
  }

  private Topology.State known() {
    return loaded ? Topology.State.STALE : Topology.State.SYNCING;
  }

  private void trouble(String detail, @Nullable Throwable cause) {
    // Once an episode, and where episodes follow each other closely, once in a while.
    long now = platform.nanoTime();
    if (!announced && (warned == null || now - warned >= settings.healthy().toNanos())) {
      log.warn(
          "Kubernetes: {}; {}, and goes on trying",
          detail,
          loaded ? "keeps the last good list" : "nothing is known yet");
      announced = true;
      warned = now;
    }
    become(known(), detail, cause);
  }

  /** As {@link #trouble}, but of a kind that somebody has to mend: an ERROR. */
  private void refused(Topology.State state, String detail, String remedy, Throwable cause) {
    if (!refused) {
      log.error(
          "Kubernetes: {}; {}; {}, and goes on trying",
          detail,
          remedy,
          loaded ? "keeps the last good list" : "nothing is known yet");
      refused = true;
      announced = true;
    }
    become(state, detail, cause);
  }

  private void clientClosed() {
    log.error("Kubernetes: the client was closed while {} was watched; the last list stays", what);
    closed = true;
    endAttempt();
    cancel(retry);
    cancel(auditing);
    auditing = null;
    become(Topology.State.CLOSED, "the KubernetesClient was closed", null);
  }

  private void become(Topology.State state, @Nullable String detail, @Nullable Throwable cause) {
    Health before = health;
    health = new Health(state, detail, cause);
    if (before.detail() == null) { // until now there was none
      troubledAt = platform.nanoTime();
    }
    if (state != before.state() || !Objects.equals(detail, before.detail())) {
      changed.run();
    }
  }

  // Ends

  /** Whatever the current attempt still has to say is dropped from here on. */
  private void endAttempt() {
    attempt++;
    cancel(deadline);
    deadline = null;
    cancel(settling);
    settling = null;
    AutoCloseable open = handle;
    handle = null;
    if (open != null) {
      closeQuietly(open);
    }
  }

  private void closeQuietly(AutoCloseable open) {
    try {
      open.close();
    } catch (Exception e) {
      log.debug("Kubernetes: closing a watch of {}", what, e);
    }
  }

  private static void cancel(Platform.@Nullable Cancellable timer) {
    if (timer != null) {
      timer.cancel();
    }
  }

  @Override
  public String toString() {
    return "Reflector[" + Objects.requireNonNull(what) + "]";
  }
}
