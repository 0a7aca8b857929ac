package io.steelyard.benchmarks.overhead;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * A kind of client, with servers of its own to send to: what is measured is one that it makes bare
 * beside one that it makes balanced, otherwise configured alike.
 */
interface Subject extends AutoCloseable {
  /** Sends one request and reads its answer, on the calling thread; for any number of threads. */
  interface Sender extends AutoCloseable {
    void send() throws Exception;

    /** Closes the client. */
    @Override
    default void close() throws Exception {}
  }

  /** Makes a subject. */
  interface Opening {
    /**
     * Starts the servers.
     *
     * @param threads how many will send at a time: what a pool of connections has to hold
     * @param endpoints how many servers there are for either client to spread its requests over
     */
    Subject open(int threads, int endpoints) throws Exception;
  }

  /** All there are, by the names that the table has. */
  static Map<String, Opening> all() {
    Map<String, Opening> all = new LinkedHashMap<>();
    all.put("java.net.http", (threads, endpoints) -> new JdkSubject(endpoints, false));
    all.put("java.net.http, async", (threads, endpoints) -> new JdkSubject(endpoints, true));
    all.put("OkHttp", OkHttpSubject::new);
    all.put("HttpClient 5", ApacheSubject::new);
    all.put("HttpClient 5, async", ApacheAsyncSubject::new);
    all.put("gRPC", (threads, endpoints) -> new GrpcSubject(endpoints));
    return Collections.unmodifiableMap(all);
  }

  /**
   * A new client without a balancer, which takes one of the servers at random if there are some.
   */
  Sender bare() throws Exception;

  /** A new client with the adapter in between. */
  Sender balanced() throws Exception;

  /** Stops the servers. */
  @Override
  void close() throws Exception;
}
