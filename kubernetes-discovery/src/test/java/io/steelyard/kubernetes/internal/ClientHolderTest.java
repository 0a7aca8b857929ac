package io.steelyard.kubernetes.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class ClientHolderTest {
  @Test
  void calls_that_are_given_up_do_not_pile_up_behind_a_credential_plug_in_that_hangs()
      throws Exception {
    CountDownLatch making = new CountDownLatch(1);
    CountDownLatch hangs = new CountDownLatch(1);
    ClientHolder holder =
        ClientHolder.own(
            () -> {
              making.countDown();
              awaitForEver(hangs);
              throw new IllegalStateException("no credentials");
            });
    Thread maker = call(holder);
    making.await();
    List<Thread> givenUp = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      Thread waiting = call(holder);
      waiting.interrupt();
      givenUp.add(waiting);
    }
    for (Thread thread : givenUp) {
      thread.join(TimeUnit.SECONDS.toMillis(20));
      assertThat(thread.isAlive()).isFalse();
    }
    assertThat(maker.isAlive()).isTrue();
    hangs.countDown();
    maker.join();
  }

  /** Ignores interrupts, as a process that is waited for may. */
  private static void awaitForEver(CountDownLatch latch) {
    while (latch.getCount() > 0) {
      try {
        latch.await();
      } catch (InterruptedException e) {
        // goes on
      }
    }
  }

  private static Thread call(ClientHolder holder) {
    Thread thread =
        new Thread(
            () -> {
              try {
                KubernetesClient unused = holder.get();
              } catch (InterruptedException | IllegalStateException e) {
                // given up
              }
            });
    thread.start();
    return thread;
  }
}
