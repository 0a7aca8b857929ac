package io.steelyard.retry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class RetryBudgetTest {
  private static final long SECOND = 1_000_000_000;

  private static int withdrawAll(RetryBudget budget, long now) {
    int count = 0;
    while (count < 1_000_000 && budget.tryWithdraw(now)) {
      count++;
    }
    return count;
  }

  @Test
  void a_new_budget_holds_what_ten_seconds_of_the_reserve_give() {
    assertThat(withdrawAll(RetryBudget.standard(), 0)).isEqualTo(100);
    assertThat(withdrawAll(RetryBudget.of(0.2, 3), 0)).isEqualTo(30);
    assertThat(withdrawAll(RetryBudget.of(0.2, 0), 0)).isZero();
    assertThat(withdrawAll(RetryBudget.of(0, 3), 0)).isEqualTo(30);
  }

  @Test
  void five_requests_pay_for_a_retry() {
    RetryBudget budget = RetryBudget.of(0.2, 0);
    for (int request = 1; request <= 1000; request++) {
      budget.deposit(0);
      assertThat(budget.tryWithdraw(0)).as("after request %d", request).isEqualTo(request % 5 == 0);
    }
  }

  @Test
  void other_shares() {
    for (double share : new double[] {0.001, 0.01, 0.1, 0.5, 1, 2, 10}) {
      RetryBudget budget = RetryBudget.of(share, 0);
      for (int i = 0; i < 10_000; i++) {
        budget.deposit(0);
      }
      assertThat(withdrawAll(budget, 0)).as("%s", share).isEqualTo((int) (10_000 * share));
    }
  }

  @Test
  void what_was_deposited_expires_after_ten_slices() {
    for (long start :
        new long[] {0, 123, -5 * SECOND, Long.MAX_VALUE - 3 * SECOND, Long.MIN_VALUE}) {
      RetryBudget budget = RetryBudget.of(0.2, 0);
      for (int i = 0; i < 100; i++) {
        budget.deposit(start);
      }
      assertThat(budget.available(start)).isEqualTo(20);
      assertThat(budget.available(start + 9 * SECOND)).as("start %d", start).isEqualTo(20);
      assertThat(budget.available(start + 11 * SECOND)).as("start %d", start).isZero();
      assertThat(budget.tryWithdraw(start + 11 * SECOND)).isFalse();
    }
  }

  @Test
  void the_reserve_comes_back_when_withdrawals_expire() {
    RetryBudget budget = RetryBudget.of(0.2, 10);
    assertThat(withdrawAll(budget, 0)).isEqualTo(100);
    assertThat(withdrawAll(budget, 9 * SECOND)).isZero();
    assertThat(withdrawAll(budget, 11 * SECOND)).isEqualTo(100);
    assertThat(withdrawAll(budget, 1_000_000 * SECOND)).isEqualTo(100);
  }

  @Test
  void a_lone_retry_now_and_then_is_always_allowed() {
    RetryBudget budget = RetryBudget.standard();
    for (int second = 0; second < 3600; second++) {
      budget.deposit(second * SECOND);
      assertThat(budget.tryWithdraw(second * SECOND)).isTrue();
    }
  }

  @Test
  void a_thread_that_is_late_does_no_harm() {
    RetryBudget budget = RetryBudget.of(0.2, 1);
    long now = 100 * SECOND;
    budget.deposit(now);
    budget.deposit(now - 3 * SECOND); // its own slice is still there
    assertThat(withdrawAll(budget, now)).isEqualTo(10);
    budget.deposit(now - 17 * SECOND - SECOND / 2); // its cell belongs to a later slice
    assertThat(budget.available(now)).isZero();
    assertThat(budget.tryWithdraw(now)).isFalse();
  }

  @Test
  void unlimited_is_unlimited() {
    assertThat(withdrawAll(RetryBudget.unlimited(), 0)).isEqualTo(1_000_000);
  }

  @Test
  void threads_withdraw_exactly_what_there_is() throws Exception {
    for (int round = 0; round < 20; round++) {
      RetryBudget budget = RetryBudget.of(0.2, 10);
      int threads = 4;
      int deposits = 5_000;
      AtomicLong taken = new AtomicLong();
      CountDownLatch start = new CountDownLatch(1);
      List<Thread> all = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        Thread thread =
            new Thread(
                () -> {
                  try {
                    start.await();
                  } catch (InterruptedException e) {
                    return;
                  }
                  for (int i = 0; i < deposits; i++) {
                    budget.deposit(0);
                    for (int k = 0; k < 2; k++) {
                      if (budget.tryWithdraw(0)) {
                        taken.incrementAndGet();
                      }
                    }
                  }
                });
        all.add(thread);
        thread.start();
      }
      start.countDown();
      for (Thread thread : all) {
        thread.join();
      }
      while (budget.tryWithdraw(0)) {
        taken.incrementAndGet();
      }
      assertThat(taken.get()).isEqualTo(100 + threads * deposits / 5);
    }
  }

  @Test
  void says_what_it_is() {
    assertThat(RetryBudget.standard()).hasToString("20 % of requests plus 10 a second");
    assertThat(RetryBudget.of(0.005, 0)).hasToString("0.5 % of requests plus 0 a second");
    assertThat(RetryBudget.unlimited()).hasToString("unlimited");
  }

  @Test
  void refuses_nonsense() {
    assertThatThrownBy(() -> RetryBudget.of(-1, 10))
        .hasMessage("retry budget: share: -1.0 (expected: 0, or 0.001 to 10)");
    assertThatThrownBy(() -> RetryBudget.of(Double.NaN, 10))
        .hasMessage("retry budget: share: NaN (expected: 0, or 0.001 to 10)");
    assertThatThrownBy(() -> RetryBudget.of(0.2, -1))
        .hasMessage("retry budget: perSecond: -1 (expected: 0 to 10000)");
  }
}
