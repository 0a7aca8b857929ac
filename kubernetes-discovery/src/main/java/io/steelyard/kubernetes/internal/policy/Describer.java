package io.steelyard.kubernetes.internal.policy;

import io.steelyard.Discovery;
import io.steelyard.Topology;
import io.steelyard.kubernetes.internal.ServiceFacts;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** Tells policies how the slices describe a service, whenever those are published. */
public final class Describer implements Discovery.Listener {
  private final Supplier<@Nullable ServiceFacts> source;
  private volatile @Nullable Consumer<ServiceFacts> listener;

  /**
   * Creates one that is silent until it is started.
   *
   * @param source how the service is described now; null while nothing is watched
   */
  public Describer(Supplier<@Nullable ServiceFacts> source) {
    this.source = source;
  }

  /** Tells this listener how the service is described now, and from now on. */
  public void start(Consumer<ServiceFacts> listener) {
    this.listener = listener;
    tell(listener); // it may have been described since
  }

  @Override
  public void update(Topology topology) {
    Consumer<ServiceFacts> told = listener;
    if (told != null) {
      tell(told);
    }
  }

  /** Two threads may tell at once: whoever tells last makes sure that it was the latest. */
  private void tell(Consumer<ServiceFacts> told) {
    ServiceFacts last = null;
    ServiceFacts now = source.get();
    while (now != null && !now.equals(last)) {
      told.accept(now);
      last = now;
      now = source.get();
    }
  }

  @Override
  public void failed(Throwable cause) {
    // the balancer's to hear
  }
}
