package io.steelyard.discovery;

import io.steelyard.discovery.DnsMessage.Answer;
import io.steelyard.discovery.DnsMessage.Question;
import java.io.Closeable;
import java.io.DataInputStream;
import java.io.EOFException;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Asks name servers and waits for their answer: a stub resolver without a cache, for one thread at
 * a time.
 *
 * <p>Each question goes from a port of its own with a number nobody can guess to one server, and
 * only an answer from there, with that number and that question, is taken. Each server gets a
 * second, then all get two; one that refuses or fails is not asked again. An answer that does not
 * fit a packet is fetched over TCP, whole or not at all.
 */
final class DnsClient implements Closeable {
  private static final int[] PATIENCE_MILLIS = {1000, 2000};
  private static final int MOST_SERVERS = 3; // as in the C libraries
  private static final SecureRandom numbers = new SecureRandom();

  private final List<InetSocketAddress> configured;
  private final Path resolvConf;
  private @Nullable Closeable open; // guarded by this
  private boolean closed; // guarded by this

  /**
   * Opens nothing yet.
   *
   * @param servers none for those in {@code /etc/resolv.conf}, read for each lookup
   */
  DnsClient(List<InetSocketAddress> servers) {
    this(servers, Path.of("/etc/resolv.conf"));
  }

  DnsClient(List<InetSocketAddress> servers, Path resolvConf) {
    this.configured = servers;
    this.resolvConf = resolvConf;
  }

  /** Nobody has said anything. */
  @SuppressWarnings("serial")
  static final class Silence extends IOException {
    Silence(String message, IOException cause) {
      super(message, cause);
    }
  }

  /**
   * Asks, and returns what there is or that there is no such name.
   *
   * @throws Silence if no server answers
   * @throws IOException if none can or will
   */
  Answer ask(Question question) throws IOException {
    List<InetSocketAddress> servers = new ArrayList<>(servers());
    IOException failure = null;
    boolean silent = true;
    for (int patience : PATIENCE_MILLIS) {
      for (InetSocketAddress server : List.copyOf(servers)) {
        try {
          Answer answer = ask(server, question, patience);
          if (answer.code() == DnsMessage.NO_ERROR || answer.code() == DnsMessage.NO_SUCH_NAME) {
            return answer;
          }
          throw new IOException("response code " + answer.code());
        } catch (SocketTimeoutException e) {
          failure = failure == null ? said(server, question, "no answer", e) : failure;
        } catch (IOException e) {
          if (isClosed()) {
            throw e;
          }
          silent = false;
          servers.remove(server);
          failure = said(server, question, String.valueOf(e.getMessage()), e);
        }
      }
    }
    if (failure == null) {
      throw new IOException("no name servers in " + resolvConf + " (expected: servers(...))");
    }
    throw silent ? new Silence(String.valueOf(failure.getMessage()), failure) : failure;
  }

  private static IOException said(
      InetSocketAddress server, Question question, String text, IOException cause) {
    return new IOException(text(server) + ": " + question.name() + ": " + text, cause);
  }

  static String text(InetSocketAddress server) {
    String host = Addresses.text(server.getAddress());
    return (host.indexOf(':') >= 0 ? "[" + host + "]" : host) + ":" + server.getPort();
  }

  private Answer ask(InetSocketAddress server, Question question, int patience) throws IOException {
    int number = numbers.nextInt(1 << 16);
    byte[] written = DnsMessage.write(number, question);
    Answer answer;
    try (DatagramSocket socket = register(new DatagramSocket())) {
      socket.connect(server); // packets from elsewhere are not even received
      socket.send(new DatagramPacket(written, written.length));
      answer = receive(socket, number, question, patience);
    }
    return answer.truncated() ? askOverTcp(server, number, question, written, patience) : answer;
  }

  private static Answer receive(DatagramSocket socket, int number, Question question, int patience)
      throws IOException {
    long begun = System.nanoTime();
    byte[] buffer = new byte[DnsMessage.LARGEST_PACKET];
    while (true) {
      long left = patience - TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - begun);
      if (left <= 0) {
        throw new SocketTimeoutException("no answer");
      }
      socket.setSoTimeout((int) left);
      DatagramPacket packet = new DatagramPacket(buffer, buffer.length);
      socket.receive(packet);
      ByteBuffer message = ByteBuffer.wrap(buffer, 0, packet.getLength());
      if (DnsMessage.answers(message, number, question)) {
        return DnsMessage.read(message, question);
      }
    }
  }

  private Answer askOverTcp(
      InetSocketAddress server, int number, Question question, byte[] written, int patience)
      throws IOException {
    try (Socket socket = register(new Socket())) {
      socket.setSoTimeout(patience);
      socket.connect(server, patience);
      byte[] framed = new byte[written.length + 2];
      framed[0] = (byte) (written.length >>> 8);
      framed[1] = (byte) written.length;
      System.arraycopy(written, 0, framed, 2, written.length);
      socket.getOutputStream().write(framed);
      DataInputStream in = new DataInputStream(socket.getInputStream());
      byte[] bytes = new byte[in.readUnsignedShort()];
      in.readFully(bytes);
      ByteBuffer message = ByteBuffer.wrap(bytes);
      if (!DnsMessage.answers(message, number, question)) {
        throw new IOException("an answer to something else");
      }
      Answer answer = DnsMessage.read(message, question);
      if (answer.truncated()) {
        throw new IOException("an answer that does not fit");
      }
      return answer;
    } catch (EOFException e) {
      throw new IOException("an answer that ends too soon", e);
    }
  }

  private List<InetSocketAddress> servers() throws IOException {
    if (!configured.isEmpty()) {
      return configured;
    }
    List<InetSocketAddress> servers = new ArrayList<>();
    if (!Files.exists(resolvConf)) {
      return servers;
    }
    for (String line : Files.readString(resolvConf, StandardCharsets.ISO_8859_1).lines().toList()) {
      String[] words = line.strip().split("\\s+", -1);
      if (words.length >= 2 && words[0].equals("nameserver") && servers.size() < MOST_SERVERS) {
        InetSocketAddress server = Addresses.server(words[1]);
        if (server != null) {
          servers.add(server);
        }
      }
    }
    return servers;
  }

  private synchronized <T extends Closeable> T register(T socket) throws IOException {
    if (closed) {
      socket.close();
      throw new IOException("closed");
    }
    open = socket;
    return socket;
  }

  private synchronized boolean isClosed() {
    return closed;
  }

  /** Ends a question that is under way; later ones fail. */
  @Override
  public synchronized void close() {
    closed = true;
    if (open != null) {
      try {
        open.close();
      } catch (IOException e) {
        // It is of no use any more.
      }
    }
  }
}
