package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.client.Client;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientBuilder;
import io.fabric8.kubernetes.client.RequestConfig;
import io.fabric8.kubernetes.client.RequestConfigBuilder;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The client of one watch: the user's, which is never closed here, or one of our own, made when it
 * is first needed and closed with the watch. One of our own also stands in for the user's while the
 * connections of that are half open.
 *
 * <p>Either is used through a view with request settings of ours: no retries and no reconnects
 * inside the client, as those hide failures and know nothing of each other, and a short timeout.
 */
public final class ClientHolder {
  private static final int TIMEOUT_MILLIS = 5_000;

  private final @Nullable KubernetesClient given;
  private final Supplier<KubernetesClient> factory;
  // Making a client may take long (a credential plug-in); close() does not wait for it.
  private final ReentrantLock making = new ReentrantLock();
  private @Nullable KubernetesClient own; // guarded by making
  private @Nullable KubernetesClient view; // guarded by making
  private boolean spare; // guarded by making: one of our own in place of the one that was given
  private volatile boolean closed;
  private volatile boolean renewing;
  private volatile boolean suspected; // a given client's connections, since its last answer

  private ClientHolder(@Nullable KubernetesClient given, Supplier<KubernetesClient> factory) {
    this.given = given;
    this.factory = factory;
  }

  /** Holds the user's client. */
  public static ClientHolder given(KubernetesClient client) {
    return new ClientHolder(
        client, () -> new KubernetesClientBuilder().withConfig(client.getConfiguration()).build());
  }

  /** Holds a client of our own, made when it is first needed. */
  public static ClientHolder own(Supplier<KubernetesClient> factory) {
    return new ClientHolder(null, factory);
  }

  /**
   * The client to use. Making one reads files and may start a credential plug-in; whoever waits
   * meanwhile can be interrupted, so that tries which are given up do not pile up behind one.
   */
  public KubernetesClient get() throws InterruptedException {
    making.lockInterruptibly();
    try {
      if (closed) {
        throw new IllegalStateException("the watch was closed");
      }
      if (renewing) {
        renewing = false;
        spare = true;
        KubernetesClient old = own;
        own = null;
        view = null;
        if (old != null) {
          old.close();
        }
      }
      if (view == null) {
        KubernetesClient client = given;
        if (client == null || spare) {
          client = factory.get();
          own = client;
        }
        view = view(client);
      }
      return view;
    } finally {
      making.unlock();
      if (closed) {
        close(); // came while the client was made, and could not close what was not there yet
      }
    }
  }

  private static KubernetesClient view(Client client) {
    RequestConfig settings =
        new RequestConfigBuilder(client.getConfiguration().getRequestConfig())
            .withRequestTimeout(TIMEOUT_MILLIS)
            .withRequestRetryBackoffLimit(0)
            .withWatchReconnectLimit(0)
            .build();
    return client.newClient(settings).adapt(KubernetesClient.class);
  }

  /**
   * Has the next call use fresh connections: those that are open may be half open, and some HTTP
   * clients go on sending requests over such a connection for minutes. A client cannot be told so.
   * One of our own is replaced. For one that was given another is made of the same configuration,
   * when this is asked for twice without an answer in between.
   */
  public void renew() {
    if (given == null || suspected) {
      renewing = true;
    }
    suspected = true;
  }

  /** The server has answered. */
  public void answered() {
    suspected = false;
  }

  /** Whether the user has closed the client that was given. */
  public boolean isClosed() {
    return given != null && given.getHttpClient().isClosed();
  }

  /** Closes the client if it is our own: idempotent. */
  public void close() {
    closed = true;
    if (!making.tryLock()) {
      return; // whoever is making it sees that it is closed, and closes it
    }
    KubernetesClient client;
    try {
      client = own;
      own = null;
      view = null;
    } finally {
      making.unlock();
    }
    if (client != null) {
      client.close();
    }
  }
}
