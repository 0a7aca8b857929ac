package io.steelyard.kubernetes.testing;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.utils.HttpClientUtils;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.stream.Stream;

/** The HTTP clients that fabric8's client can use. */
public enum HttpClients {
  /** The one it brings along. */
  VERTX("vertx"),
  JDK("jdkhttp"),
  OKHTTP("okhttp");

  private static volatile HttpClients chosen = VERTX;

  private final String name;

  HttpClients(String name) {
    this.name = name;
  }

  /** Those on the class path. */
  public static Stream<HttpClients> present() {
    return Stream.of(values()).filter(client -> client.find().isPresent());
  }

  /** A new factory of it. */
  public HttpClient.Factory factory() {
    return find().orElseThrow();
  }

  /** By a part of its name, as packages differ between versions. */
  private Optional<HttpClient.Factory> find() {
    return ServiceLoader.load(HttpClient.Factory.class, HttpClientUtils.class.getClassLoader())
        .stream()
        .filter(p -> p.type().getName().contains(".client." + name))
        .map(ServiceLoader.Provider::get)
        .findFirst();
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
