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
  static final String BY_NAME = "http://" + SERVICE + "/";

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

  /** Has this closed with the subject, the last one first. */
  final <T extends AutoCloseable> T closing(T resource) {
    open.push(resource);
    return resource;
  }

  /** Sends to each address by a request of its own. */
  final Sender anyOf(Function<String, Sender> one) {
    Sender[] senders = new Sender[addresses.length];
    for (int i = 0; i < senders.length; i++) {
      senders[i] = one.apply(addresses[i]);
    }
    return senders.length == 1
        ? senders[0]
        : () -> senders[ThreadLocalRandom.current().nextInt(senders.length)].send();
  }

  @Override
  public final void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }
}
