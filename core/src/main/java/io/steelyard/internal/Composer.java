package io.steelyard.internal;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Explanation;
import io.steelyard.LoadBalancingPolicy;
import io.steelyard.Picker;
import io.steelyard.Platform;
import io.steelyard.RandomSource;
import io.steelyard.Reason;
import io.steelyard.Stage;
import io.steelyard.Strategy;
import io.steelyard.Topology;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.function.BiConsumer;
import java.util.function.Function;
import java.util.function.IntPredicate;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The heart of the control loop, without its thread: (topology, policy, who is available, now) →
 * snapshot and next wake. It holds what outlives a snapshot: the slots, and what each layer
 * remembers. Not thread-safe; whoever drives it does so serially.
 */
final class Composer {
  private static final Logger log = LoggerFactory.getLogger(Composer.class);

  private static final Reason NOT_CONNECTED = Reason.of("not connected");

  private final Platform platform;
  private final SlotLedger ledger;
  private final Function<Strategy, BiConsumer<Object, @Nullable Throwable>> nonsense;
  private final InFlight inFlight = new InFlight();
  private List<Layer> layers = List.of();

  /**
   * Composes nothing yet.
   *
   * @param nonsense gives, for a strategy, whom its picker's snapshot tells of its nonsense
   */
  Composer(
      Platform platform,
      SlotLedger ledger,
      Function<Strategy, BiConsumer<Object, @Nullable Throwable>> nonsense) {
    this.platform = platform;
    this.ledger = ledger;
    this.nonsense = nonsense;
  }

  /**
   * A snapshot, and in how many nanoseconds to compose again: 0 if nobody asked for it. Whoever
   * puts it in force calls {@link #settle} right after: what the layers asked of the slots belongs
   * to this snapshot, and not to the one before.
   */
  record Composition(Snapshot snapshot, long nextNanos, Evaluation evaluation) {
    void settle() {
      evaluation.settle();
    }
  }

  /** A layer threw; the message names it. */
  static final class LayerException extends Exception {
    private static final long serialVersionUID = 1;

    LayerException(Object layer, String complaint, @Nullable Throwable cause) {
      super(name(layer) + " " + complaint + (cause == null ? "" : ": " + cause), cause);
    }
  }

  /**
   * Evaluates every layer.
   *
   * @param available which candidates can be used at all, asked after the last stage: no panic
   *     guard overrules it
   * @throws LayerException if a stage or the strategy threw; then nothing has changed
   */
  Composition compose(
      Topology topology, LoadBalancingPolicy policy, IntPredicate available, long now)
      throws LayerException {
    Slot[] slots = ledger.slotsOf(topology, now);
    Evaluation evaluation = new Evaluation(slots);
    List<Layer> next = layersOf(policy);
    boolean done = false;
    try {
      Candidates candidates = Candidates.of(topology, slots);
      List<Explanation.Layer> explained = new ArrayList<>();
      for (int i = 0; i < policy.stages().size(); i++) {
        Stage stage = policy.stages().get(i);
        LayerContext context = new LayerContext(platform, next.get(i), evaluation);
        candidates = weigh(stage, candidates, context);
        explained.add(new Explanation.Layer(name(stage), candidates.usable(), context.note));
      }
      candidates = candidates.exclude(i -> available.test(i) ? null : NOT_CONNECTED);
      LayerContext context = new LayerContext(platform, next.get(next.size() - 1), evaluation);
      Picker picker = compile(policy, candidates, context);
      evaluation.over = true;
      Snapshot snapshot =
          new Snapshot(
              candidates,
              policy,
              List.copyOf(explained),
              context.note,
              picker,
              slots,
              inFlight,
              platform,
              nonsense.apply(policy.strategy()));
      replaceLayers(next);
      done = true;
      return new Composition(
          snapshot, soonest(evaluation.reevaluateNanos, ledger.expire(now)), evaluation);
    } finally {
      if (!done) {
        closeExcept(next, layers);
      }
    }
  }

  /** Lets go of what the layers remember. */
  void close() {
    replaceLayers(List.of());
  }

  @SuppressWarnings(
      "ReferenceEquality") // the same topology, not an equal one: indexes must mean the same
  private static Candidates weigh(Stage stage, Candidates candidates, Context context)
      throws LayerException {
    Candidates weighed;
    try {
      weighed = stage.apply(candidates, context);
    } catch (Throwable e) {
      throw new LayerException(stage, "threw", e);
    }
    if (weighed == null || weighed.topology() != candidates.topology()) {
      throw new LayerException(
          stage,
          weighed == null ? "returned null" : "returned candidates of another topology",
          null);
    }
    return weighed;
  }

  private static Picker compile(LoadBalancingPolicy policy, Candidates candidates, Context context)
      throws LayerException {
    if (candidates.usable() == 0) {
      return (request, rank) -> Picker.NONE;
    }
    Picker picker;
    try {
      picker = policy.strategy().compile(candidates, context);
    } catch (Throwable e) {
      throw new LayerException(policy.strategy(), "threw", e);
    }
    if (picker == null) {
      throw new LayerException(policy.strategy(), "returned null", null);
    }
    return picker;
  }

  /** What a layer calls itself, whatever happens. */
  private static String name(Object layer) {
    try {
      return String.valueOf(layer);
    } catch (Throwable e) {
      return layer.getClass().getName();
    }
  }

  private static long soonest(long a, long b) {
    return a == 0 ? b : b == 0 ? a : Math.min(a, b);
  }

  // ---- what layers remember ----

  /**
   * The policy's layers, stages first: each takes over the memory of an equal one that is in force.
   */
  private List<Layer> layersOf(LoadBalancingPolicy policy) {
    List<Layer> before = new ArrayList<>(layers);
    List<Layer> result = new ArrayList<>();
    for (Stage stage : policy.stages()) {
      result.add(takeOver(stage, before));
    }
    result.add(takeOver(policy.strategy(), before));
    return result;
  }

  private static Layer takeOver(Object spec, List<Layer> before) {
    for (int i = 0; i < before.size(); i++) {
      if (equal(before.get(i).spec, spec)) {
        return before.remove(i);
      }
    }
    return new Layer(spec);
  }

  private static boolean equal(Object one, Object other) {
    try {
      return one.equals(other);
    } catch (Throwable e) {
      return one == other;
    }
  }

  private void replaceLayers(List<Layer> next) {
    List<Layer> before = layers;
    layers = next;
    closeExcept(before, next);
  }

  private static void closeExcept(List<Layer> closing, List<Layer> kept) {
    for (Layer layer : closing) {
      boolean keep = false;
      for (Layer other : kept) {
        keep |= other == layer;
      }
      if (!keep) {
        layer.close();
      }
    }
  }

  private static final class Layer {
    final Object spec;
    @Nullable Object memory;

    Layer(Object spec) {
      this.spec = spec;
    }

    void close() {
      if (memory instanceof AutoCloseable closeable) {
        try {
          closeable.close();
        } catch (Throwable e) {
          log.warn("What {} remembered could not be closed", name(spec), e);
        }
      }
    }
  }

  // ---- what layers are given ----

  /** What the layers of one evaluation asked for, together. */
  private static final class Evaluation {
    final Slot[] slots;
    final int[] wakeAfter;
    final boolean[] wakeOnSuccess;
    final boolean[] forget;
    long reevaluateNanos;
    volatile boolean over;

    Evaluation(Slot[] slots) {
      this.slots = slots;
      this.wakeAfter = new int[slots.length];
      Arrays.fill(wakeAfter, Integer.MAX_VALUE);
      this.wakeOnSuccess = new boolean[slots.length];
      this.forget = new boolean[slots.length];
    }

    void settle() {
      for (int i = 0; i < slots.length; i++) {
        if (forget[i]) {
          slots[i].forgetFailures();
        }
        slots[i].arm(wakeAfter[i], wakeOnSuccess[i]);
      }
    }
  }

  private static final class LayerContext implements Context {
    private static final Duration LONGEST = Duration.ofDays(1);

    private final Platform platform;
    private final Layer layer;
    private final Evaluation evaluation;
    @Nullable String note;

    LayerContext(Platform platform, Layer layer, Evaluation evaluation) {
      this.platform = platform;
      this.layer = layer;
      this.evaluation = evaluation;
    }

    @Override
    public long nanoTime() {
      return platform.nanoTime();
    }

    @Override
    public long epochMillis() {
      return platform.epochMillis();
    }

    @Override
    public RandomSource random() {
      return platform.random();
    }

    @Override
    public void reevaluateAfter(Duration delay) {
      requireRunning();
      if (delay.isNegative()) {
        throw new IllegalArgumentException("reevaluateAfter: " + delay + " (expected: >= 0)");
      }
      evaluation.reevaluateNanos = soonest(evaluation.reevaluateNanos, Math.max(1, nanos(delay)));
    }

    @Override
    public void wakeAfterFailures(int candidate, int consecutive) {
      requireRunning();
      if (consecutive < 1 || consecutive > 65_535) {
        throw new IllegalArgumentException(
            "wakeAfterFailures: " + consecutive + " (expected: 1 to 65535)");
      }
      evaluation.wakeAfter[candidate] = Math.min(evaluation.wakeAfter[candidate], consecutive);
    }

    @Override
    public void wakeOnSuccess(int candidate) {
      requireRunning();
      evaluation.wakeOnSuccess[candidate] = true;
    }

    @Override
    public void forgetFailures(int candidate) {
      requireRunning();
      evaluation.forget[candidate] = true;
    }

    @Override
    public void note(String text) {
      requireRunning();
      note = Objects.requireNonNull(text, "text");
    }

    @Override
    @SuppressWarnings("unchecked") // one layer asks for one type
    public <T> T memory(Supplier<T> initial) {
      requireRunning();
      Object memory = layer.memory;
      if (memory == null) {
        memory = Objects.requireNonNull(initial.get(), "memory");
        layer.memory = memory;
      }
      return (T) memory;
    }

    private static long nanos(Duration delay) {
      return delay.compareTo(LONGEST) < 0 ? delay.toNanos() : LONGEST.toNanos();
    }

    private void requireRunning() {
      if (evaluation.over) {
        throw new IllegalStateException(
            "this evaluation is over (expected: called while the layer is evaluated)");
      }
    }
  }
}
