package io.steelyard.benchmarks;

import io.steelyard.Endpoint;
import java.util.SplittableRandom;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The least that code must do to balance at all: no interface, no weights, no list that changes.
 * The library is measured against it in the same run.
 *
 * <p>It is written as well as we can: padded, and with one random number for two indexes.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@SuppressWarnings("NullAway.Init") // by JMH and setUp
public class Bare {
  @Param({"10", "100", "1000", "10000"})
  public int n;

  private Endpoint[] endpoints;
  private Cell[] cells;
  private Counter counter;

  /** Makes the endpoints, with zero to three requests in flight on each. */
  @Setup
  public void setUp() {
    endpoints = Subject.endpoints(n, false).toArray(Endpoint[]::new);
    cells = new Cell[n];
    counter = new Counter();
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < n; i++) {
      cells[i] = new Cell();
      cells[i].inFlight = random.nextInt(4);
    }
  }

  /** A shared counter and an array. */
  @Benchmark
  public Endpoint counter() {
    return endpoints[Math.floorMod(counter.getAndIncrement(), endpoints.length)];
  }

  /** Two different endpoints at random, the one with less in flight. */
  @Benchmark
  public Endpoint two() {
    return endpoints[lessLoaded()];
  }

  /**
   * {@link #two}, and what it takes to count a request: in flight up and down, its time, an
   * average, one end only, and a look at the failures.
   */
  @Benchmark
  public Endpoint request(Caller caller, Blackhole sink) {
    int i = lessLoaded();
    Cell cell = cells[i];
    Cell.IN_FLIGHT.getAndAdd(cell, 1L);
    long began = System.nanoTime();
    sink.consume(endpoints[i]);
    int open = caller.ended.getOpaque();
    if (caller.ended.compareAndSet(open, open + 1)) {
      long took = System.nanoTime() - began;
      long average = cell.latency;
      Cell.LATENCY.compareAndSet(cell, average, Math.max(average, took));
      if (cell.failures != 0) {
        cell.failures = 0;
      }
      Cell.IN_FLIGHT.getAndAdd(cell, -1L);
    }
    return endpoints[i];
  }

  /** {@link #request} without its time: no clock and no average. */
  @Benchmark
  public Endpoint count(Caller caller, Blackhole sink) {
    int i = lessLoaded();
    Cell cell = cells[i];
    Cell.IN_FLIGHT.getAndAdd(cell, 1L);
    sink.consume(endpoints[i]);
    int open = caller.ended.getOpaque();
    if (caller.ended.compareAndSet(open, open + 1)) {
      if (cell.failures != 0) {
        cell.failures = 0;
      }
      Cell.IN_FLIGHT.getAndAdd(cell, -1L);
    }
    return endpoints[i];
  }

  /** All endpoints, the one with least in flight. */
  @Benchmark
  public Endpoint scan() {
    int best = 0;
    long least = Long.MAX_VALUE;
    for (int i = 0; i < cells.length; i++) {
      long load = cells[i].inFlight;
      if (load < least) {
        least = load;
        best = i;
      }
    }
    return endpoints[best];
  }

  /** One reading of the clock. */
  @Benchmark
  public long clock() {
    return System.nanoTime();
  }

  private int lessLoaded() {
    long bits = ThreadLocalRandom.current().nextLong();
    int size = cells.length;
    int first = (int) (((bits >>> 32) * size) >>> 32);
    int second = (int) (((bits & 0xFFFFFFFFL) * (size - 1)) >>> 32);
    if (second >= first) {
      second++;
    }
    return cells[second].inFlight < cells[first].inFlight ? second : first;
  }

  /** A thread's own. */
  @State(Scope.Thread)
  public static class Caller {
    final AtomicInteger ended = new AtomicInteger();
  }

  /** The counter, alone on its cache lines. */
  @SuppressWarnings({"unused", "serial"}) // the fields take up room
  private static final class Counter extends AtomicInteger {
    private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15;
  }
}
