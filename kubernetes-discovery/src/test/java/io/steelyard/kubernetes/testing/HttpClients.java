package io.steelyard.kubernetes.testing;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.fabric8.kubernetes.client.okhttp.OkHttpClientFactory;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import java.util.ServiceLoader;
import java.util.function.Supplier;

/** The HTTP clients that fabric8's client can use. */
public enum HttpClients {
  /** The one it brings along. */
  VERTX(HttpClients::vertx),
  JDK(JdkHttpClientFactory::new),
  OKHTTP(OkHttpClientFactory::new);

  private static volatile HttpClients chosen = VERTX;

  private final Supplier<HttpClient.Factory> factory;

  HttpClients(Supplier<HttpClient.Factory> factory) {
    this.factory = factory;
  }

  /** A new factory of it. */
  public HttpClient.Factory factory() {
    return factory.get();
  }

  /** Makes it the one of every client that is made until the choice is closed. */
  public Choice choose() {
    chosen = this;
    return () -> chosen = VERTX;
  }

  /** Until it is closed. */
  public interface Choice extends AutoCloseable {
    @Override
    void close();
  }

  /** Its class has another name from fabric8 8 on. */
  private static HttpClient.Factory vertx() {
    return ServiceLoader.load(HttpClient.Factory.class, HttpClientUtils.class.getClassLoader())
        .stream()
        .filter(p -> p.type().getName().contains("ertx"))
        .map(ServiceLoader.Provider::get)
        .findFirst()
        .orElseThrow();
  }

  /** What the service loader finds first in these tests. */
  public static final class Chosen implements HttpClient.Factory {
    @Override
    public HttpClient.Builder newBuilder() {
      return chosen.factory().newBuilder();
    }

    @Override
    public HttpClient.Builder newBuilder(Config config) {
      return chosen.factory().newBuilder(config);
    }

    @Override
    public int priority() {
      return 100;
    }
  }
}
