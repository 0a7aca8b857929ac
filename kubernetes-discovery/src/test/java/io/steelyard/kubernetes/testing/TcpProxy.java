package io.steelyard.kubernetes.testing;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

/**
 * A TCP proxy on a free loopback port, and what can go wrong on a wire: black holes, resets in
 * mid-frame, half-closed and slow connections, connections that are closed as soon as they are
 * made.
 *
 * <p>TLS passes through untouched. {@link #inFrontOfTls} speaks plain HTTP to its clients instead
 * and TLS to the server, so that it can also answer in the server's place.
 */
public final class TcpProxy implements AutoCloseable {
  private final int target;
  private final boolean tlsUpstream;
  private final ServerSocket server;
  private final List<Connection> connections = new CopyOnWriteArrayList<>();
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private final AtomicInteger accepted = new AtomicInteger();
  private volatile boolean refusing;
  private volatile boolean holding;
  private volatile Duration delay = Duration.ZERO;
  private volatile Function<String, String> answers = request -> null;

  private TcpProxy(int target, boolean tlsUpstream) {
    this.target = target;
    this.tlsUpstream = tlsUpstream;
    try {
      this.server = new ServerSocket();
      server.setReuseAddress(true);
      server.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    thread("accept", this::accept);
  }

  /** A proxy that hands on bytes as they are. */
  public static TcpProxy to(int port) {
    return new TcpProxy(port, false);
  }

  /** A proxy that is spoken to in plain HTTP and speaks TLS to this port. */
  public static TcpProxy inFrontOfTls(int port) {
    return new TcpProxy(port, true);
  }

  public String url() {
    return (tlsUpstream ? "http" : "https") + "://127.0.0.1:" + server.getLocalPort();
  }

  /** How many connections were made so far. */
  public int accepted() {
    return accepted.get();
  }

  /** How many connections are open now. */
  public int open() {
    return connections.size();
  }

  /** The first request of each connection so far, its head; in front of TLS only. */
  public List<String> requests() {
    return requests;
  }

  /** Closes each new connection as soon as it is made, or no longer. */
  public void refuse(boolean refuse) {
    refusing = refuse;
  }

  /** Takes new connections and hands nothing on, or lets all go on. */
  public void hold(boolean hold) {
    holding = hold;
  }

  /** Delays whatever the server says by this much. */
  public void delay(Duration delay) {
    this.delay = delay;
  }

  /**
   * Answers in the server's place what a connection asks first, and closes it; in front of TLS
   * only.
   *
   * @param answers from the head of a request to a whole response, or null to hand it on
   */
  public void answer(Function<String, String> answers) {
    this.answers = answers;
  }

  /** An HTTP response with this JSON body. */
  public static String response(String statusAndHeaders, String json) {
    return "HTTP/1.1 "
        + statusAndHeaders
        + "\r\nContent-Type: application/json\r\nConnection: close\r\nContent-Length: "
        + json.getBytes(StandardCharsets.UTF_8).length
        + "\r\n\r\n"
        + json;
  }

  /** From now on nothing passes on the connections there are, and nobody is told. */
  public void blackHole() {
    connections.forEach(c -> c.black = true);
  }

  /** The same for the youngest connection only. */
  public void blackHoleYoungest() {
    connections.get(connections.size() - 1).black = true;
  }

  /** Resets every connection once the server has said this many bytes more on it. */
  public void resetAfter(int bytes) {
    connections.forEach(c -> c.left = bytes);
  }

  /** Resets every connection now. */
  public void reset() {
    connections.forEach(Connection::reset);
  }

  /** Says goodbye to the clients on every connection, and goes on listening to them. */
  public void halfClose() {
    connections.forEach(Connection::halfClose);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        accepted.incrementAndGet();
        if (refusing) {
          client.close();
          continue;
        }
        Connection connection = new Connection(client);
        connections.add(connection);
        thread("open", connection::open);
      } catch (IOException e) {
        // closed, or a connection that was gone at once
      }
    }
  }

  private static void thread(String what, Runnable task) {
    Thread thread = new Thread(task, "tcp-proxy-" + what);
    thread.setDaemon(true);
    thread.start();
  }

  @Override
  public void close() {
    try {
      server.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    connections.forEach(Connection::close);
  }

  private final class Connection {
    private final Socket client;
    private volatile Socket upstream;
    private volatile boolean black;
    private volatile int left = Integer.MAX_VALUE;

    Connection(Socket client) {
      this.client = client;
    }

    void open() {
      try {
        while (holding && !server.isClosed()) {
          Thread.sleep(10);
        }
        client.setTcpNoDelay(true);
        byte[] first = tlsUpstream ? head(client.getInputStream()) : new byte[0];
        String answer = null;
        if (tlsUpstream) {
          String request = new String(first, StandardCharsets.UTF_8);
          requests.add(request);
          answer = answers.apply(request);
        }
        if (answer != null) {
          client.getOutputStream().write(answer.getBytes(StandardCharsets.UTF_8));
          client.shutdownOutput();
          Thread.sleep(50);
          close();
          return;
        }
        Socket to =
            tlsUpstream
                ? trusting().getSocketFactory().createSocket("127.0.0.1", target)
                : new Socket("127.0.0.1", target);
        to.setTcpNoDelay(true);
        upstream = to;
        to.getOutputStream().write(first);
        to.getOutputStream().flush();
        thread("down", () -> pump(to, client, true));
        pump(client, to, false);
      } catch (IOException | InterruptedException e) {
        close();
      }
    }

    private void pump(Socket from, Socket to, boolean down) {
      byte[] buffer = new byte[16_384];
      try {
        InputStream in = from.getInputStream();
        OutputStream out = to.getOutputStream();
        while (true) {
          int read = in.read(buffer);
          if (read < 0) {
            break;
          }
          if (black) {
            continue; // swallowed, but the client's end is still heard of
          }
          if (down && !delay.isZero()) {
            Thread.sleep(delay.toMillis());
          }
          if (down && left != Integer.MAX_VALUE && read >= left) {
            out.write(buffer, 0, left);
            out.flush();
            Thread.sleep(20); // what was said gets there before the reset
            reset();
            return;
          }
          out.write(buffer, 0, read);
          out.flush();
          if (down && left != Integer.MAX_VALUE) {
            left -= read;
          }
        }
      } catch (IOException | InterruptedException e) {
        // one side is gone, so the other is told
      }
      if (!down || !black) { // out of a black hole the server's end is not heard of
        close();
      }
    }

    void halfClose() {
      try {
        client.shutdownOutput();
      } catch (IOException e) {
        // gone already
      }
    }

    void reset() {
      try {
        client.setSoLinger(true, 0);
      } catch (IOException e) {
        // gone already
      }
      close();
    }

    void close() {
      connections.remove(this);
      quietly(client);
      if (upstream != null) {
        quietly(upstream);
      }
    }
  }

  private static void quietly(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // closed all the same
    }
  }

  private static byte[] head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    int matched = 0;
    while (matched < 4) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("closed before a request");
      }
      head.write(next);
      matched = next == "\r\n\r\n".charAt(matched) ? matched + 1 : next == '\r' ? 1 : 0;
    }
    return head.toByteArray();
  }

  private static SSLContext trusting() throws IOException {
    X509TrustManager all =
        new X509TrustManager() {
          @Override
          public void checkClientTrusted(X509Certificate[] chain, String type) {}

          @Override
          public void checkServerTrusted(X509Certificate[] chain, String type) {}

          @Override
          public X509Certificate[] getAcceptedIssuers() {
            return new X509Certificate[0];
          }
        };
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(null, new TrustManager[] {all}, null);
      return context;
    } catch (GeneralSecurityException e) {
      throw new IOException(e);
    }
  }
}
