package io.steelyard.adapter;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.testkit.VirtualPlatform;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;

class OpenBodiesTest {
  private static final Duration IDLE = Duration.ofMinutes(5);

  private final VirtualPlatform platform = new VirtualPlatform();
  private final OpenBodies bodies = new OpenBodies(platform, IDLE);

  private static final class Body extends OpenBodies.Body {
    private volatile boolean ended;
    private volatile int abandoned;
    private volatile long idleSince;

    @Override
    public boolean ended() {
      return ended;
    }

    @Override
    public boolean idleFor(long nanos, long now) {
      return now - idleSince >= nanos;
    }

    @Override
    @SuppressWarnings("NonAtomicVolatileUpdate") // by one thread
    public void abandon() {
      abandoned++;
      ended = true;
    }
  }

  private List<Body> add(int count) {
    List<Body> added = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      Body body = new Body();
      body.idleSince = platform.nanoTime();
      bodies.add(body);
      added.add(body);
    }
    return added;
  }

  @Test
  void each_that_is_idle_is_given_up_once_and_counted() {
    List<Body> some = add(100); // more than a thread has places
    assertThat(bodies.size()).isEqualTo(100);
    platform.advance(IDLE.minusSeconds(1));
    assertThat(bodies.abandoned()).isZero();
    assertThat(bodies.size()).isEqualTo(100);
    platform.advance(IDLE.dividedBy(4).plusSeconds(2));
    assertThat(bodies.abandoned()).isEqualTo(100);
    assertThat(some).allSatisfy(body -> assertThat(body.abandoned).isEqualTo(1));
    assertThat(bodies.size()).isZero();
    platform.advance(IDLE.multipliedBy(3));
    assertThat(bodies.abandoned()).isEqualTo(100);
  }

  @Test
  void one_that_is_read_is_left_alone_however_long_it_takes() {
    Body body = add(1).get(0);
    for (int i = 0; i < 100; i++) {
      platform.advance(Duration.ofMinutes(1));
      body.idleSince = platform.nanoTime();
    }
    assertThat(bodies.abandoned()).isZero();
    assertThat(bodies.size()).isEqualTo(1);
  }

  @Test
  void places_are_free_again_and_removing_twice_does_no_harm() {
    for (int round = 0; round < 100; round++) {
      List<Body> some = add(30);
      assertThat(bodies.size()).isEqualTo(30);
      for (Body body : some) {
        body.ended = true;
        bodies.remove(body);
      }
      assertThat(bodies.size()).isZero();
      List<Body> others = add(30);
      some.forEach(bodies::remove); // their places are others' now
      assertThat(bodies.size()).isEqualTo(30);
      others.forEach(bodies::remove);
    }
    assertThat(bodies.size()).isZero();
  }

  @Test
  void one_that_ended_while_it_was_added_is_not_kept() {
    Body body = new Body();
    body.ended = true;
    bodies.remove(body); // too early
    bodies.add(body);
    assertThat(bodies.size()).isZero();
    platform.advance(IDLE.multipliedBy(3));
    assertThat(bodies.abandoned()).isZero();
  }

  @Test
  void one_that_ended_and_was_not_removed_is_dropped_uncounted() {
    add(20).forEach(body -> body.ended = true);
    platform.advance(IDLE);
    assertThat(bodies.size()).isZero();
    assertThat(bodies.abandoned()).isZero();
  }

  @Test
  void threads_come_and_go() throws Exception {
    CountDownLatch start = new CountDownLatch(1);
    List<Body> left = new ArrayList<>();
    List<Thread> threads = new ArrayList<>();
    for (int t = 0; t < 80; t++) { // some share their places: there are 64
      Thread thread =
          new Thread(
              () -> {
                try {
                  start.await();
                } catch (InterruptedException e) {
                  return;
                }
                for (int i = 0; i < 500; i++) {
                  List<Body> some = add(i % 20);
                  some.forEach(bodies::remove);
                }
                List<Body> last = add(3);
                synchronized (left) {
                  left.addAll(last);
                }
              });
      thread.start();
      threads.add(thread);
    }
    start.countDown();
    for (Thread thread : threads) {
      thread.join();
    }
    assertThat(bodies.size()).isEqualTo(240);
    platform.advance(IDLE.multipliedBy(2));
    assertThat(left).hasSize(240).allSatisfy(body -> assertThat(body.abandoned).isEqualTo(1));
    assertThat(bodies.abandoned()).isEqualTo(240);
    assertThat(bodies.size()).isZero();
  }
}
