package io.steelyard.benchmarks;

import io.steelyard.Attempt;
import io.steelyard.Call;
import io.steelyard.Endpoint;
import io.steelyard.PickContext;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Blackhole;

/**
 * A request's way through the library. Attempts escape, as they do in any program whose work is
 * more than a few instructions.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class Ours {
  /** An address only. */
  @Benchmark
  public @Nullable Endpoint pick(Subject subject) {
    return subject.balancer.pick(subject.context);
  }

  /** An address only, for a key whose hash is known. */
  @Benchmark
  public @Nullable Endpoint keyed(Subject subject, Turn turn) {
    return subject.balancer.pick(subject.contexts[turn.next++ & (Subject.KEYS - 1)]);
  }

  /** An address only, for a key: with hashing it. */
  @Benchmark
  public @Nullable Endpoint key(Subject subject, Turn turn) {
    return subject.balancer.pick(PickContext.key(subject.keys[turn.next++ & (Subject.KEYS - 1)]));
  }

  /** From begin to the verdict. */
  @Benchmark
  public Endpoint begin(Subject subject, Blackhole sink) {
    Attempt attempt = subject.balancer.begin(subject.context);
    sink.consume(attempt);
    attempt.success();
    return attempt.endpoint();
  }

  /** The whole of it. */
  @Benchmark
  public Endpoint call(Subject subject, Work work) {
    return subject.balancer.call(subject.context, work.call);
  }

  /** A thread's own. */
  @State(Scope.Thread)
  public static class Turn {
    int next;
  }

  /** A thread's own. */
  @State(Scope.Thread)
  @SuppressWarnings("NullAway.Init") // by setUp
  public static class Work {
    Call<Endpoint, RuntimeException> call;

    /** Makes a call that does nothing. */
    @Setup
    public void setUp(Blackhole sink) {
      call =
          attempt -> {
            sink.consume(attempt);
            return attempt.endpoint();
          };
    }
  }
}
