package io.steelyard.contract;

import io.steelyard.Balancer;
import io.steelyard.Platform;
import io.steelyard.retry.RetryPolicy;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** How a test wants its client. */
public final class Setup {
  public final String service;
  public final Balancer balancer;
  public @Nullable RetryPolicy retry;
  public @Nullable Certificates trust;
  public boolean passThrough = true;
  public boolean http2;
  public Platform platform = Platform.system();
  public Duration abandonBodyAfter = Duration.ofMinutes(5);

  public Setup(String service, Balancer balancer) {
    this.service = service;
    this.balancer = balancer;
  }
}
