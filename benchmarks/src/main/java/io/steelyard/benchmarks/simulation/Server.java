package io.steelyard.benchmarks.simulation;

import io.steelyard.Endpoint;
import java.util.ArrayDeque;
import java.util.SplittableRandom;

/**
 * A server: some workers and one queue before them, first come first served. It does not notice
 * that a client has given up, and works on.
 */
final class Server {
  /** What it does with a request that comes in. */
  enum Mood {
    /** Does the work. */
    SERVES,
    /** Takes it and never answers. */
    IS_SILENT,
    /** Answers with an error after 1 ms. */
    FAILS,
    /** Refuses the connection. */
    REFUSES
  }

  private static final long FAILS_AFTER_NANOS = 1_000_000;

  final Endpoint endpoint;
  private final World world;
  private final int workers;
  private final ArrayDeque<Request> queue = new ArrayDeque<>();
  private int busy;
  private Mood mood = Mood.SERVES;
  private final SplittableRandom luck;
  private double failing;
  private double speed;
  private double coldSpeed;
  private long coldSince;
  private long coldNanos;

  /** Sent by clients and not ended there: what balancing is about. */
  int inFlight;

  Server(World world, Endpoint endpoint, int workers, double speed) {
    this.world = world;
    this.endpoint = endpoint;
    this.workers = workers;
    this.speed = speed;
    this.luck = new SplittableRandom(endpoint.port());
  }

  /** Lets this part of what it works on fail in the end. */
  void failing(double share) {
    failing = share;
  }

  /** Whether what is done now has failed. */
  boolean hasFailed() {
    return failing > 0 && luck.nextDouble() < failing;
  }

  void mood(Mood mood) {
    this.mood = mood;
  }

  void speed(double speed) {
    this.speed = speed;
  }

  /** Begins at a fraction of its speed now and gets faster steadily. */
  void startCold(double fraction, double seconds) {
    coldSpeed = fraction;
    coldSince = world.now();
    coldNanos = (long) (seconds * 1e9);
  }

  /** A request has come in. */
  void accept(Request request) {
    switch (mood) {
      case SERVES -> {
        if (busy < workers) {
          busy++;
          begin(request);
        } else {
          queue.add(request);
        }
      }
      case IS_SILENT -> {}
      case FAILS -> world.in(FAILS_AFTER_NANOS, request, Request.FAILED);
      case REFUSES -> request.happen(Request.REFUSED);
    }
  }

  /** A worker is done with its request. */
  void done() {
    Request next = queue.poll();
    if (next == null) {
      busy--;
    } else {
      begin(next);
    }
  }

  private void begin(Request request) {
    world.in(Math.max(1, (long) (request.workNanos / speedNow())), request, Request.SERVED);
  }

  private double speedNow() {
    long warm = world.now() - coldSince;
    if (warm >= coldNanos) {
      return speed;
    }
    return speed * (coldSpeed + (1 - coldSpeed) * warm / coldNanos);
  }
}
