package io.steelyard.retry;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.Locale;

/**
 * How many retries there may be for how many requests, so that retries cannot make an overload
 * worse: by default 20 % of the requests of the last 10 seconds, and 10 retries a second besides,
 * which is what a client with little traffic lives on.
 *
 * <p>A request deposits, a retry withdraws: where every endpoint fails, a service of a thousand
 * requests a second sees 1,210 instead of three thousand. The balance starts with what 10 seconds
 * of the reserve give; nothing is kept longer than the window.
 *
 * <p>A budget is state, and whoever is given the same object shares it. A {@link RetryPolicy}
 * without one uses a budget that each balancer has of its own.
 *
 * <p>Thread-safe and lock-free. A deposit is one atomic addition, a withdrawal reads 16 words;
 * neither allocates. Withdrawals are exact, but for threads that race while one slice of the window
 * gives way to the next: each of them may overdraw by one retry.
 *
 * <p>The algorithm is Finagle's ({@code RetryBudget}: deposits of 1000, withdrawals of 5000, which
 * expire after ten seconds). The window here is ten slices of 2<sup>30</sup> ns, between 9.7 and
 * 10.7 seconds, so that a slice is a shift of the clock and a clock that wraps does no harm.
 */
public final class RetryBudget {
  private static final int SLICE_SHIFT = 30;
  private static final int WINDOW = 10;
  private static final double WINDOW_SECONDS = 10;

  /** More cells than the window has slices: a thread that is a little late still has its own. */
  private static final int CELLS = 16;

  /** Cells apart from each other by a cache line and more: all but one of them are only read. */
  private static final int STRIDE = 16;

  private static final long DEPOSIT = 1000;

  // A cell: | slice 20 | balance 44 |, the balance with a bias, so that no addition carries into
  // the slice.
  private static final int BALANCE_BITS = 44;
  private static final long SLICE_MASK = (1L << (64 - BALANCE_BITS)) - 1;
  private static final long BALANCE_MASK = (1L << BALANCE_BITS) - 1;
  private static final long BIAS = 1L << (BALANCE_BITS - 1);
  private static final long EMPTY = -1;
  private static final VarHandle CELL = MethodHandles.arrayElementVarHandle(long[].class);

  private final double share;
  private final int perSecond;
  private final long deposit;
  private final long withdrawal;
  private final long reserve;
  private final boolean unlimited;
  private final long[] cells = new long[(CELLS + 1) * STRIDE];

  private RetryBudget(double share, int perSecond, boolean unlimited) {
    this.share = share;
    this.perSecond = perSecond;
    this.unlimited = unlimited;
    this.deposit = share == 0 ? 0 : DEPOSIT;
    this.withdrawal = share == 0 ? DEPOSIT : Math.round(DEPOSIT / share);
    this.reserve = Math.round(perSecond * WINDOW_SECONDS) * withdrawal;
    Arrays.fill(cells, EMPTY);
  }

  /** A new budget of the default size: 20 % and 10 a second. */
  public static RetryBudget standard() {
    return of(0.2, 10);
  }

  /**
   * A new budget.
   *
   * @param share retries for each request: 0, or 0.001 to 10
   * @param perSecond retries a second besides, for low traffic: 0 to 10,000
   */
  public static RetryBudget of(double share, int perSecond) {
    if (!(share == 0 || (share >= 0.001 && share <= 10))) {
      throw new IllegalArgumentException(
          "retry budget: share: " + share + " (expected: 0, or 0.001 to 10)");
    }
    if (perSecond < 0 || perSecond > 10_000) {
      throw new IllegalArgumentException(
          "retry budget: perSecond: " + perSecond + " (expected: 0 to 10000)");
    }
    return new RetryBudget(share, perSecond, false);
  }

  /** A budget that never ends: for tests, and where something else bounds the load. */
  public static RetryBudget unlimited() {
    return new RetryBudget(0, 0, true);
  }

  /** Counts a request that was begun now, its retries aside. */
  void deposit(long nanoTime) {
    if (deposit == 0) {
      return;
    }
    long slice = (nanoTime >>> SLICE_SHIFT) & SLICE_MASK;
    int at = cell(slice);
    while (true) {
      long seen = (long) CELL.getVolatile(cells, at);
      if (seen != EMPTY && slice(seen) == slice) {
        // Should the cell have gone on to its next slice meanwhile, the deposit goes there.
        CELL.getAndAdd(cells, at, deposit);
        return;
      }
      if (isBefore(slice, seen)) {
        return; // a thread that slept for seconds
      }
      if (CELL.compareAndSet(cells, at, seen, packed(slice, deposit))) {
        return;
      }
    }
  }

  /** Takes a retry out of the budget; false if it does not hold one. */
  boolean tryWithdraw(long nanoTime) {
    if (unlimited) {
      return true;
    }
    long slice = (nanoTime >>> SLICE_SHIFT) & SLICE_MASK;
    int at = cell(slice);
    while (true) {
      long seen = (long) CELL.getVolatile(cells, at);
      boolean current = seen != EMPTY && slice(seen) == slice;
      if (isBefore(slice, seen)) {
        return false;
      }
      long here = current ? balance(seen) : 0;
      if (here + balanceElsewhere(slice, at) < withdrawal) {
        return false;
      }
      // Whoever withdraws at the same time changes this cell, and then this fails.
      if (CELL.compareAndSet(cells, at, seen, packed(slice, here - withdrawal))) {
        return true;
      }
    }
  }

  /** How many retries it would allow now. */
  long available(long nanoTime) {
    if (unlimited) {
      return Long.MAX_VALUE;
    }
    long slice = (nanoTime >>> SLICE_SHIFT) & SLICE_MASK;
    return Math.max(0, balanceElsewhere(slice, -1) / withdrawal);
  }

  /** The reserve, and what is in the other cells of the window. */
  private long balanceElsewhere(long slice, int except) {
    long sum = reserve;
    for (int i = 0; i < CELLS; i++) {
      int at = (i + 1) * STRIDE;
      if (at != except) {
        long seen = (long) CELL.getVolatile(cells, at);
        if (seen != EMPTY && ((slice - slice(seen)) & SLICE_MASK) < WINDOW) {
          sum += balance(seen);
        }
      }
    }
    return sum;
  }

  private static int cell(long slice) {
    return ((int) (slice & (CELLS - 1)) + 1) * STRIDE;
  }

  /**
   * Whether the cell is a little ahead of this slice, as for a thread that slept. Further ahead is
   * long ago: the slices go round in 13 days.
   */
  private static boolean isBefore(long slice, long packed) {
    long ahead = (slice(packed) - slice) & SLICE_MASK;
    return packed != EMPTY && ahead != 0 && ahead <= 2 * CELLS;
  }

  private static long slice(long packed) {
    return packed >>> BALANCE_BITS;
  }

  private static long balance(long packed) {
    return (packed & BALANCE_MASK) - BIAS;
  }

  private static long packed(long slice, long balance) {
    return (slice << BALANCE_BITS) | (balance + BIAS);
  }

  @Override
  public String toString() {
    return unlimited
        ? "unlimited"
        : String.format(
            Locale.ROOT, "%s %% of requests plus %d a second", trimmed(share * 100), perSecond);
  }

  private static String trimmed(double percent) {
    return percent == Math.rint(percent)
        ? String.valueOf((long) percent)
        : String.valueOf(Math.round(percent * 10) / 10.0);
  }
}
