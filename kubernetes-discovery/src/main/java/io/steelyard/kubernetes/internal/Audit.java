package io.steelyard.kubernetes.internal;

import io.steelyard.Platform;
import java.time.Duration;
import java.util.HashSet;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.RejectedExecutionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Compares what a reflector's watch has said with a list, now and then: a watch that has lost an
 * event looks like one that had none to lose.
 *
 * <p>A list beside a running watch is mostly a moment ahead of it or behind it. So what differs is
 * looked at again a little later, and only what differs both times and was not touched in between
 * was missed.
 *
 * <p>Guarded by the lock of its reflector; lists run beside it.
 *
 * @param <T> what the reflector keeps of each object
 */
final class Audit<T> {
  private static final Logger log = LoggerFactory.getLogger(Reflector.class);

  // How long a watch has to say what a list has said.
  private static final Duration SECOND_LOOK = Duration.ofSeconds(5);

  // How soon there is an audit after an episode of trouble, with full jitter.
  private static final Duration AFTER_TROUBLE = Duration.ofSeconds(30);

  private final Reflector<T> watched;
  private final Source<T> source;
  private final String what;
  private final Platform platform;
  private final ExecutorService io;
  private final Reflector.Settings settings;
  private final Backoff jitter;

  private Platform.@Nullable Cancellable timer;
  private long dueAt;
  private long plans; // each voids the one before
  private boolean stopped;
  private @Nullable Set<String> touched; // since the first look; null while there is none
  private long audits;
  private long mismatches;

  Audit(
      Reflector<T> watched,
      Source<T> source,
      String what,
      Platform platform,
      ExecutorService io,
      Reflector.Settings settings,
      Backoff jitter) {
    this.watched = watched;
    this.source = source;
    this.what = what;
    this.platform = platform;
    this.io = io;
    this.settings = settings;
    this.jitter = jitter;
  }

  /** How many comparisons were made. */
  long audits() {
    return audits;
  }

  /** How many objects were found to differ. */
  long mismatches() {
    return mismatches;
  }

  /** The next one comes in its time. */
  void later() {
    begin(settings.audit().plus(jitter.jittered(settings.audit())));
  }

  /** The next one comes soon: who knows what the server was restored from. */
  void soon() {
    Duration delay = jitter.jittered(AFTER_TROUBLE);
    if (timer == null || platform.nanoTime() + delay.toNanos() - dueAt < 0) {
      begin(delay);
    }
  }

  /** There are no more. */
  void stop() {
    stopped = true;
    plans++;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
  }

  /** The watch has spoken of this object. */
  void touch(String key) {
    if (touched != null) {
      touched.add(key);
    }
  }

  private void begin(Duration delay) {
    touched = null;
    plan(this::look, delay);
  }

  private void plan(Runnable step, Duration delay) {
    long mine = ++plans;
    if (timer != null) {
      timer.cancel();
      timer = null;
    }
    if (!stopped && !settings.audit().isZero()) {
      dueAt = platform.nanoTime() + delay.toNanos();
      timer = platform.schedule(() -> stepOf(mine, step), delay);
    }
  }

  private void stepOf(long mine, Runnable step) {
    watched.step(
        () -> {
          if (mine == plans) {
            step.run();
          }
        });
  }

  private void look() {
    if (!watched.watching()) {
      later(); // it is about to list anyway
      return;
    }
    touched = new HashSet<>();
    String before = watched.version();
    compare(
        listing -> {
          Set<String> suspects = differing(listing);
          if (wentBack(before, listing.version())) {
            audits++;
            later();
            log.warn(
                "Kubernetes: the API server's version of {} went from {} back to {}, as after a"
                    + " restored backup; everything is listed anew",
                what,
                before,
                listing.version());
            watched.startOver();
          } else if (suspects.isEmpty()) {
            audits++;
            later();
          } else {
            plan(() -> lookAgain(suspects), SECOND_LOOK);
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
          later();
          if (!differing.isEmpty()) {
            mismatches += differing.size();
            log.warn(
                "Kubernetes: the watch of {} has missed {} changes, such as that of {}; it is closed"
                    + " and everything listed anew",
                what,
                differing.size(),
                differing.iterator().next());
            watched.startOver();
          }
        });
  }

  /** Lists beside the watch; if that fails, or the watch has ended meanwhile, another time. */
  private void compare(Consumer<Source.Listing<T>> look) {
    long attempt = watched.attempt();
    plan(this::look, settings.audit().plus(settings.call())); // should it never answer
    long mine = plans;
    try {
      io.execute(
          () -> {
            Source.Listing<T> listing;
            try {
              listing = source.list();
            } catch (Throwable t) { // an Error too: nothing may end auditing
              log.debug("Kubernetes: auditing {}", what, t);
              stepOf(mine, this::later);
              return;
            }
            stepOf(
                mine,
                () -> {
                  if (attempt == watched.attempt()) {
                    look.accept(listing);
                  } else {
                    later();
                  }
                });
          });
    } catch (RejectedExecutionException e) {
      later();
    }
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

  private Set<String> differing(Source.Listing<T> listing) {
    Map<String, T> known = watched.known();
    Set<String> keys = new TreeSet<>(known.keySet());
    keys.addAll(listing.items().keySet());
    keys.removeAll(listing.unreadable().keySet());
    keys.removeIf(key -> Objects.equals(known.get(key), listing.items().get(key)));
    return keys;
  }
}
