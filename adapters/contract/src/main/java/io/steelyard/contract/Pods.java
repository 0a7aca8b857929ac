package io.steelyard.contract;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpHandler;
import com.sun.net.httpserver.HttpServer;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.steelyard.Endpoint;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import mockwebserver3.Dispatcher;
import mockwebserver3.MockResponse;
import mockwebserver3.MockWebServer;
import mockwebserver3.RecordedRequest;
import okhttp3.Protocol;
import org.jspecify.annotations.Nullable;

/** Real servers on 127.0.0.x, all stopped together. */
public final class Pods implements AutoCloseable {
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final ExecutorService threads =
      Executors.newCachedThreadPool(
          task -> {
            Thread thread = new Thread(task, "pod");
            thread.setDaemon(true);
            return thread;
          });

  /** One server. */
  public static final class Pod {
    public final Endpoint endpoint;

    /** Requests, or for a {@link #raw} one connections. */
    public final AtomicInteger requests = new AtomicInteger();

    /** Where connections came from. */
    public final Set<InetSocketAddress> clients = ConcurrentHashMap.newKeySet();

    public Pod(String host, int port) {
      this.endpoint = Endpoint.of(host, port);
    }
  }

  /** Talks to one connection; the socket is closed behind it. */
  public interface Conversation {
    void with(Socket socket) throws Exception;
  }

  /** A server that answers 200 and its own host. */
  public Pod pod(String host) {
    return pod(host, exchange -> answer(exchange, 200, host));
  }

  public Pod pod(String host, HttpHandler handler) {
    return pod(host, null, handler);
  }

  /** A server of http, or of https if there is a context for it. */
  public Pod pod(String host, @Nullable SSLContext tls, HttpHandler handler) {
    try {
      HttpServer server;
      if (tls == null) {
        server = HttpServer.create(new InetSocketAddress(host, 0), 200);
      } else {
        HttpsServer secure = HttpsServer.create(new InetSocketAddress(host, 0), 200);
        secure.setHttpsConfigurator(new HttpsConfigurator(tls));
        server = secure;
      }
      Pod pod = new Pod(host, server.getAddress().getPort());
      server.setExecutor(threads);
      server.createContext(
          "/",
          exchange -> {
            pod.requests.incrementAndGet();
            pod.clients.add(exchange.getRemoteAddress());
            handler.handle(exchange);
          });
      server.start();
      open.push(() -> server.stop(0));
      return pod;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A server of HTTP/2 over TLS, which answers its own host after a while. */
  public MockWebServer http2(String host, SSLContext tls, Duration delay) {
    return http2(
        host,
        tls,
        path ->
            new MockResponse.Builder()
                .headersDelay(delay.toMillis(), TimeUnit.MILLISECONDS)
                .body(host)
                .build());
  }

  /** A server of HTTP/2 over TLS, which answers each path as it is told to. */
  public MockWebServer http2(String host, SSLContext tls, Function<String, MockResponse> answer) {
    MockWebServer server = new MockWebServer();
    server.useHttps(tls.getSocketFactory());
    server.setProtocols(List.of(Protocol.HTTP_2, Protocol.HTTP_1_1));
    server.setDispatcher(
        new Dispatcher() {
          @Override
          public MockResponse dispatch(RecordedRequest request) {
            return answer.apply(request.getUrl().encodedPath());
          }
        });
    try {
      server.start(InetAddress.getByName(host), 0);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    open.push(server);
    return server;
  }

  /** A server that counts connections and says what it is told to. */
  public Pod raw(String host, Conversation conversation) {
    try {
      ServerSocket server = new ServerSocket(0, 50, InetAddress.getByName(host));
      open.push(server);
      Pod pod = new Pod(host, server.getLocalPort());
      threads.execute(
          () -> {
            while (!server.isClosed()) {
              try {
                Socket socket = server.accept();
                pod.requests.incrementAndGet();
                threads.execute(
                    () -> {
                      try (socket) {
                        conversation.with(socket);
                      } catch (Exception e) {
                        // The client has gone, which many tests want.
                      }
                    });
              } catch (IOException e) {
                return;
              }
            }
          });
      return pod;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An address that refuses connections and stays so: bound, and not listening. */
  public Pod refusing(String host) {
    try {
      Socket bound = new Socket();
      bound.bind(new InetSocketAddress(host, 0));
      open.push(bound);
      return new Pod(host, bound.getLocalPort());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** An address that lets connections hang: its backlog is full. */
  public Pod hanging(String host) {
    try {
      ServerSocket server = new ServerSocket(0, 1, InetAddress.getByName(host));
      open.push(server);
      List<Socket> filling = new ArrayList<>();
      open.push(
          () -> {
            for (Socket socket : filling) {
              socket.close();
            }
          });
      for (int i = 0; i < 10; i++) {
        Socket socket = new Socket();
        filling.add(socket);
        try {
          socket.connect(server.getLocalSocketAddress(), 200);
        } catch (IOException full) {
          return new Pod(host, server.getLocalPort());
        }
      }
      throw new IllegalStateException("the backlog never filled");
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public static void answer(HttpExchange exchange, int status, String text) throws IOException {
    exchange.getRequestBody().readAllBytes();
    byte[] bytes = text.getBytes();
    exchange.sendResponseHeaders(status, bytes.length == 0 ? -1 : bytes.length);
    if (!exchange.getRequestMethod().equals("HEAD")) {
      exchange.getResponseBody().write(bytes);
    }
    exchange.close();
  }

  /** Reads a request's headers and no body. */
  public static String readHead(Socket socket) throws IOException {
    InputStream in = socket.getInputStream();
    StringBuilder head = new StringBuilder();
    for (int c = in.read(); c >= 0; c = in.read()) {
      head.append((char) c);
      if (head.indexOf("\r\n\r\n") >= 0) {
        break;
      }
    }
    return head.toString();
  }

  @Override
  public void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    threads.shutdownNow();
  }
}
