package io.steelyard.grpc;

import io.grpc.CallOptions;
import io.grpc.ConnectivityState;
import io.grpc.LoadBalancer.PickResult;
import io.grpc.LoadBalancer.PickSubchannelArgs;
import io.grpc.LoadBalancer.SubchannelPicker;
import io.grpc.Metadata;
import io.grpc.Status;
import io.steelyard.Attempt;
import io.steelyard.Balancer;
import io.steelyard.NoEndpointException;
import io.steelyard.NoEndpointException.Why;
import io.steelyard.PickContext;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Begins an attempt for each call, on the connection of the endpoint that the balancer chooses. */
final class AttemptPicker extends SubchannelPicker {
  private final Balancer balancer;
  private final Map<String, Connection> connections;
  private final ConnectivityState state;
  private final Status failure;
  private final Metadata.@Nullable Key<String> affinityHeader;

  /** The thread on which the channel picks for the calls that it has kept; null when it is done. */
  private volatile @Nullable Thread keptCallsOn;

  /** What a call without an endpoint is told: it takes a look at every endpoint to say it. */
  private volatile @Nullable PickResult refusal;

  /**
   * @param connections by endpoint id; not changed any more
   * @param state of all connections together
   * @param failure why one of them could not be had
   */
  AttemptPicker(
      Balancer balancer,
      Map<String, Connection> connections,
      ConnectivityState state,
      Status failure,
      Metadata.@Nullable Key<String> affinityHeader) {
    this.balancer = balancer;
    this.connections = connections;
    this.state = state;
    this.failure = failure;
    this.affinityHeader = affinityHeader;
  }

  /** Says on which thread the channel picks for calls that it has kept so far. */
  void keptCallsFirst(@Nullable Thread thread) {
    keptCallsOn = thread;
  }

  @Override
  public PickResult pickSubchannel(PickSubchannelArgs args) {
    if (state == ConnectivityState.CONNECTING) {
      return PickResult.withNoResult(); // gRPC keeps the call and picks again
    }
    PickResult known = refusal;
    @Nullable Attempt attempt;
    try {
      PickContext context = context(args);
      attempt = known == null ? balancer.begin(context) : balancer.tryBegin(context);
    } catch (NoEndpointException e) {
      known = none(e);
      refusal = known;
      return known;
    }
    if (attempt == null) {
      return Objects.requireNonNull(known);
    }
    Connection connection = connections.get(attempt.endpoint().id());
    if (connection != null) {
      boolean kept = Thread.currentThread() == keptCallsOn;
      StreamAttempt call =
          new StreamAttempt(attempt, connection, args.getMethodDescriptor().getType(), kept);
      if (connection.hold(call)) {
        return PickResult.withSubchannel(connection.subchannel, call);
      }
    }
    // The list or the connection has changed since; the next picker is on its way.
    attempt.cancel();
    return PickResult.withNoResult();
  }

  private PickContext context(PickSubchannelArgs args) {
    CallOptions options = args.getCallOptions();
    String key = options.getOption(Affinity.KEY);
    if (key == null && affinityHeader != null) {
      key = args.getHeaders().get(affinityHeader);
    }
    return key == null ? PickContext.none() : PickContext.key(key);
  }

  private PickResult none(NoEndpointException e) {
    String message = String.valueOf(e.getMessage());
    if (e.why() == Why.FULL) {
      // Also for calls that would wait: a cap that makes a queue is no cap.
      return PickResult.withDrop(Status.UNAVAILABLE.withDescription(message));
    }
    Status status = Status.UNAVAILABLE.withDescription(message);
    if (failure.getCause() != null) {
      status = status.withCause(failure.getCause());
    }
    if (failure.getDescription() != null) {
      status = status.augmentDescription(failure.getDescription());
    }
    return PickResult.withError(status);
  }

  @Override
  public String toString() {
    return "AttemptPicker " + state + " " + balancer;
  }
}
