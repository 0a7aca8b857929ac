package io.servicetalk.loadbalancer;

import static io.servicetalk.concurrent.api.Completable.completed;
import static io.servicetalk.concurrent.api.Completable.never;

import io.servicetalk.client.api.ConnectionFactory;
import io.servicetalk.client.api.LoadBalancedConnection;
import io.servicetalk.concurrent.api.Completable;
import io.servicetalk.concurrent.api.Single;
import io.servicetalk.context.api.ContextMap;
import io.servicetalk.loadbalancer.DefaultLoadBalancer.PrioritizedHostImpl;
import io.servicetalk.transport.api.TransportObserver;
import io.steelyard.Endpoint;
import io.steelyard.benchmarks.peers.Peer;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * ServiceTalk's selectors, over its own hosts with one connection each. Power of two has a request
 * tracker (the peak EWMA) for each host, as it has by default.
 */
public final class ServiceTalkPeers {
  private static final Predicate<Connection> ANY = connection -> true;

  private ServiceTalkPeers() {}

  /** Each in turn. */
  public static Peer roundRobin(List<Endpoint> endpoints) {
    return new PickOnly(new RoundRobinSelector<>(hosts(endpoints, false), "cart", false, true));
  }

  /** In turn by weight: a stride scheduler. */
  public static Peer weightedRoundRobin(List<Endpoint> endpoints) {
    return new PickOnly(new RoundRobinSelector<>(hosts(endpoints, false), "cart", false, false));
  }

  /** The better of two by peak EWMA. */
  public static Peer p2c(List<Endpoint> endpoints) {
    return new Tracked(new P2CSelector<>(hosts(endpoints, true), "cart", true, 5, false, null));
  }

  private static class PickOnly extends Peer {
    final HostSelector<String, Connection> selector;

    PickOnly(HostSelector<String, Connection> selector) {
      this.selector = selector;
    }

    @Override
    public Object pick() {
      return selector.selectConnection(ANY, null, false);
    }

    @Override
    public Object endpointOf(Object chosen) {
      try {
        return chosen instanceof Single<?> single ? single.toFuture().get() : chosen;
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** The connection comes to hand through the predicate, the cheapest way there is to it. */
  private static final class Tracked extends PickOnly {
    Tracked(HostSelector<String, Connection> selector) {
      super(selector);
    }

    @Override
    public Begun begin() {
      Begun begun = new Begun();
      begun.single = selector.selectConnection(begun, null, false);
      begun.start = begun.connection().tracker.beforeRequestStart();
      return begun;
    }

    @Override
    public void end(Object o) {
      Begun begun = (Begun) o;
      begun.connection().tracker.onRequestSuccess(begun.start);
    }

    @Override
    public Object endpointOf(Object chosen) {
      return chosen instanceof Begun begun ? begun.connection() : super.endpointOf(chosen);
    }
  }

  private static final class Begun implements Predicate<Connection> {
    @Nullable Connection connection;
    @Nullable Single<Connection> single;
    long start;

    @Override
    public boolean test(Connection offered) {
      connection = offered;
      return true;
    }

    Connection connection() {
      Connection chosen = connection;
      if (chosen == null) {
        throw new IllegalStateException("no connection");
      }
      return chosen;
    }
  }

  private static List<PrioritizedHostImpl<String, Connection>> hosts(
      List<Endpoint> endpoints, boolean tracked) {
    List<PrioritizedHostImpl<String, Connection>> hosts = new ArrayList<>();
    ConnectionSelector<Connection> ofHost =
        ConnectionSelectorPolicies.<Connection>linearSearch().buildConnectionSelector("cart");
    for (Endpoint endpoint : endpoints) {
      Tracker tracker = new Tracker();
      // It measures in milliseconds: without one long answer its average would stay 0, and what is
      // in flight would not count.
      tracker.onRequestSuccess(tracker.beforeRequestStart() - Duration.ofMillis(5).toNanos());
      Host<String, Connection> host =
          new DefaultHost<>(
              "cart",
              endpoint.host(),
              ofHost,
              new Connections(tracker),
              0,
              NoopLoadBalancerObserver.instance().hostObserver(endpoint.host()),
              null,
              tracked ? tracker : null);
      try {
        host.newConnection(ANY, false, null).toFuture().get();
      } catch (InterruptedException | ExecutionException e) {
        throw new IllegalStateException(e);
      }
      hosts.add(new PrioritizedHostImpl<>(host, endpoint.weight(), 0));
    }
    return hosts;
  }

  /**
   * Healthy always; what it knows of latency is the library's. Half-life and penalties as there.
   */
  private static final class Tracker extends DefaultRequestTracker
      implements HealthIndicator<String, Connection> {
    Tracker() {
      super(Duration.ofSeconds(10).toNanos(), 5, 10, 5);
    }

    @Override
    long currentTimeNanos() {
      return System.nanoTime();
    }

    @Override
    public boolean isHealthy() {
      return true;
    }

    @Override
    public void setHost(Host<String, Connection> host) {}

    @Override
    public long beforeConnectStart() {
      return 0;
    }

    @Override
    public void onConnectSuccess(long beforeConnectStart) {}

    @Override
    public void onConnectError(long beforeConnectStart, ConnectTracker.ErrorClass errorClass) {}

    @Override
    public void cancel() {}
  }

  private static final class Connections implements ConnectionFactory<String, Connection> {
    private final Tracker tracker;

    Connections(Tracker tracker) {
      this.tracker = tracker;
    }

    @Override
    public Single<Connection> newConnection(
        String address, @Nullable ContextMap context, @Nullable TransportObserver observer) {
      return Single.succeeded(new Connection(tracker));
    }

    @Override
    public Completable onClose() {
      return never();
    }

    @Override
    public Completable closeAsync() {
      return completed();
    }
  }

  private static final class Connection implements LoadBalancedConnection {
    final Tracker tracker;

    Connection(Tracker tracker) {
      this.tracker = tracker;
    }

    @Override
    public int score() {
      return 1;
    }

    @Override
    public boolean tryReserve() {
      return true;
    }

    @Override
    public Completable releaseAsync() {
      return completed();
    }

    @Override
    public Completable onClose() {
      return never();
    }

    @Override
    public Completable closeAsync() {
      return completed();
    }
  }
}
