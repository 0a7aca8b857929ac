package io.steelyard.http;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.net.http.HttpClient;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/**
 * The methods that {@link HttpClient} has since 21, called from code compiled for 17. Each handle
 * is null on an older JDK.
 */
final class Lifecycle {
  private static final @Nullable MethodHandle CLOSE = find("close", void.class);
  private static final @Nullable MethodHandle SHUTDOWN = find("shutdown", void.class);
  private static final @Nullable MethodHandle SHUTDOWN_NOW = find("shutdownNow", void.class);
  private static final @Nullable MethodHandle IS_TERMINATED = find("isTerminated", boolean.class);
  private static final @Nullable MethodHandle AWAIT_TERMINATION =
      find("awaitTermination", boolean.class, Duration.class);

  private Lifecycle() {}

  static void close(HttpClient client) {
    run(CLOSE, client);
  }

  static void shutdown(HttpClient client) {
    run(SHUTDOWN, client);
  }

  static void shutdownNow(HttpClient client) {
    run(SHUTDOWN_NOW, client);
  }

  static boolean isTerminated(HttpClient client) {
    if (IS_TERMINATED == null) {
      return false;
    }
    try {
      return (boolean) IS_TERMINATED.invokeExact(client);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  static boolean awaitTermination(HttpClient client, Duration duration)
      throws InterruptedException {
    if (AWAIT_TERMINATION == null) {
      return false;
    }
    try {
      return (boolean) AWAIT_TERMINATION.invokeExact(client, duration);
    } catch (InterruptedException e) {
      throw e;
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static void run(@Nullable MethodHandle method, HttpClient client) {
    if (method == null) {
      return;
    }
    try {
      method.invokeExact(client);
    } catch (Throwable e) {
      throw unchecked(e);
    }
  }

  private static RuntimeException unchecked(Throwable error) {
    if (error instanceof Error fatal) {
      throw fatal;
    }
    return error instanceof RuntimeException runtime ? runtime : new IllegalStateException(error);
  }

  private static @Nullable MethodHandle find(String name, Class<?> result, Class<?>... parameters) {
    try {
      return MethodHandles.publicLookup()
          .findVirtual(HttpClient.class, name, MethodType.methodType(result, parameters));
    } catch (NoSuchMethodException e) {
      return null;
    } catch (IllegalAccessException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}
