package io.steelyard.benchmarks.overhead;

import io.steelyard.Balancer;
import io.steelyard.Endpoint;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.Function;

/** What clients of HTTP have in common: {@link TinyServer}s, and a balancer over them. */
abstract class HttpSubject implements Subject {
  static final String SERVICE = "cart";

  final Balancer balancer;
  private final String[] addresses;
  private final Deque<AutoCloseable> open = new ArrayDeque<>();

  HttpSubject(int endpoints) throws IOException {
    Endpoint[] all = new Endpoint[endpoints];
    addresses = new String[endpoints];
    for (int i = 0; i < endpoints; i++) {
      TinyServer server = closing(new TinyServer());
      all[i] = Endpoint.of("127.0.0.1", server.port());
      addresses[i] = "http://" + all[i].authority() + "/";
    }
    balancer = closing(Balancer.of(all));
  }

  private <T extends AutoCloseable> T closing(T resource) {
    open.push(resource);
    return resource;
  }

  /**
   * Sends to each address by a request of its own.
   *
   * @param client is closed with the sender
   */
  final Sender toAny(AutoCloseable client, Function<String, Request> toAddress) {
    Request[] requests = new Request[addresses.length];
    for (int i = 0; i < requests.length; i++) {
      requests[i] = toAddress.apply(addresses[i]);
    }
    return sender(
        client,
        requests.length == 1
            ? requests[0]
            : () -> requests[ThreadLocalRandom.current().nextInt(requests.length)].send());
  }

  /** Sends to the service. */
  final Sender toService(AutoCloseable client, Function<String, Request> toAddress) {
    return sender(client, toAddress.apply("http://" + SERVICE + "/"));
  }

  private static Sender sender(AutoCloseable client, Request request) {
    return new Sender() {
      @Override
      public void send() throws Exception {
        request.send();
      }

      @Override
      public void close() throws Exception {
        client.close();
      }
    };
  }

  /** One request, which is sent again and again. */
  interface Request {
    void send() throws Exception;
  }

  @Override
  public final void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
