package io.steelyard.discovery;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/**
 * A small name server on a loopback address: real packets over UDP, and over TCP for answers that
 * do not fit. What it knows changes while it runs. Without a record of a name's it says that there
 * is no such name.
 */
final class NameServer implements AutoCloseable {
  private static final int A = 1;
  private static final int AAAA = 28;
  private static final int SRV = 33;
  private static final Map<Integer, String> TYPES = Map.of(A, "A", AAAA, "AAAA", SRV, "SRV");
  private static final int LARGEST_PACKET = 512; // RFC 1035; the client asks for no more

  private final DatagramSocket udp;
  private final ServerSocket tcp;
  private final Map<String, Map<Integer, List<byte[]>>> zone = new ConcurrentHashMap<>();
  private final Set<String> failing = ConcurrentHashMap.newKeySet();

  /** Every question, as {@code A cart.test}. */
  final List<String> asked = new CopyOnWriteArrayList<>();

  /** Those that came over TCP. */
  final List<String> askedOverTcp = new CopyOnWriteArrayList<>();

  volatile boolean silent;
  private volatile int answersLeft = Integer.MAX_VALUE;
  private int turn;

  /** How many packets with another number or question come before each answer. */
  volatile int strangers;

  /** How many seconds an answer is good for. */
  volatile int timeToLive = 3600;

  /** Whether the addresses of services' targets come with them. */
  volatile boolean tellsTargets;

  NameServer() throws IOException {
    InetAddress loopback = InetAddress.getByName("127.0.0.1");
    tcp = new ServerSocket(0, 50, loopback);
    udp = new DatagramSocket(new InetSocketAddress(loopback, tcp.getLocalPort()));
    daemon(this::serveUdp);
    daemon(this::serveTcp);
  }

  private static void daemon(Runnable loop) {
    Thread thread = new Thread(loop, "name-server");
    thread.setDaemon(true);
    thread.start();
  }

  /** {@code 127.0.0.1:port}. */
  String address() {
    return "127.0.0.1:" + tcp.getLocalPort();
  }

  /** Replaces a host's addresses; without any, the name is known and has none. */
  NameServer host(String name, String... addresses) throws IOException {
    Map<Integer, List<byte[]>> records = new ConcurrentHashMap<>();
    for (String address : addresses) {
      byte[] bytes = InetAddress.getByName(address).getAddress();
      records.computeIfAbsent(bytes.length == 4 ? A : AAAA, t -> new ArrayList<>()).add(bytes);
    }
    zone.put(name.toLowerCase(Locale.ROOT), records);
    return this;
  }

  /** Replaces a service's records, each {@code priority weight port target}. */
  NameServer service(String name, String... records) throws IOException {
    List<byte[]> srv = new ArrayList<>();
    for (String record : records) {
      String[] fields = record.split(" ");
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      DataOutputStream out = new DataOutputStream(bytes);
      for (int i = 0; i < 3; i++) {
        out.writeShort(Integer.parseInt(fields[i]));
      }
      writeName(out, fields[3]);
      srv.add(bytes.toByteArray());
    }
    zone.put(name.toLowerCase(Locale.ROOT), Map.of(SRV, srv));
    return this;
  }

  void forget(String name) {
    zone.remove(name);
  }

  /** Answers SERVFAIL for this name, or does so no longer. */
  void failing(String name, boolean fails) {
    if (fails) {
      failing.add(name);
    } else {
      failing.remove(name);
    }
  }

  /** Gives so many more answers. */
  void silentAfter(int answers) {
    answersLeft = answers;
  }

  /** Serves UDP alone from now on. */
  void closeTcp() throws IOException {
    tcp.close();
  }

  private void serveUdp() {
    byte[] buffer = new byte[LARGEST_PACKET];
    while (!udp.isClosed()) {
      try {
        DatagramPacket query = new DatagramPacket(buffer, buffer.length);
        udp.receive(query);
        byte[] question = new byte[query.getLength()];
        System.arraycopy(buffer, 0, question, 0, question.length);
        asked.add(text(question));
        if (!silent && answersLeft-- > 0) { // this thread alone counts down
          byte[] answer = answer(question, LARGEST_PACKET);
          for (int i = 0; i < strangers; i++) {
            byte[] stranger = answer.clone();
            stranger[i == 0 ? 0 : 12 + i]++; // its number, or a letter of the name
            udp.send(new DatagramPacket(stranger, stranger.length, query.getSocketAddress()));
          }
          udp.send(new DatagramPacket(answer, answer.length, query.getSocketAddress()));
        }
      } catch (IOException e) {
        // Closed, or a client that has gone.
      }
    }
  }

  private void serveTcp() {
    while (!tcp.isClosed()) {
      try (Socket socket = tcp.accept()) {
        DataInputStream in = new DataInputStream(socket.getInputStream());
        byte[] question = new byte[in.readUnsignedShort()];
        in.readFully(question);
        askedOverTcp.add(text(question));
        byte[] answer = answer(question, 65_535);
        DataOutputStream out = new DataOutputStream(socket.getOutputStream());
        out.writeShort(answer.length);
        out.write(answer);
        out.flush();
      } catch (IOException e) {
        // Closed, or a client that has gone.
      }
    }
  }

  private byte[] answer(byte[] question, int largest) throws IOException {
    String name = name(question);
    int type = type(question);
    Map<Integer, List<byte[]>> records = zone.get(name);
    int code = failing.contains(name) ? 2 : records == null ? 3 : 0;
    List<byte[]> found = code != 0 ? List.of() : records.getOrDefault(type, List.of());
    byte[] whole =
        message(question, code, false, turned(found), tellsTargets ? targets(found) : Map.of());
    return whole.length <= largest ? whole : message(question, code, true, List.of(), Map.of());
  }

  /** Another order with each answer, as name servers do it. */
  private synchronized List<byte[]> turned(List<byte[]> records) {
    List<byte[]> turned = new ArrayList<>();
    int first = turn++;
    for (int i = 0; i < records.size(); i++) {
      turned.add(records.get((first + i) % records.size()));
    }
    return turned;
  }

  /** The addresses of the targets of service records, by their names in the form of a message. */
  private Map<byte[], List<byte[]>> targets(List<byte[]> services) {
    Map<byte[], List<byte[]>> targets = new LinkedHashMap<>();
    for (byte[] service : services) {
      byte[] written = Arrays.copyOfRange(service, 6, service.length);
      byte[] asQuestion = new byte[12 + written.length];
      System.arraycopy(written, 0, asQuestion, 12, written.length);
      targets.put(
          written, zone.getOrDefault(name(asQuestion), Map.of()).getOrDefault(A, List.of()));
    }
    return targets;
  }

  private byte[] message(
      byte[] question,
      int code,
      boolean cut,
      List<byte[]> records,
      Map<byte[], List<byte[]>> additional)
      throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    DataOutputStream out = new DataOutputStream(bytes);
    out.write(question, 0, 2); // its number
    out.writeShort(0x8180 | (cut ? 0x0200 : 0) | code); // a recursive answer
    out.writeShort(1);
    out.writeShort(records.size());
    out.writeShort(0);
    out.writeShort(additional.values().stream().mapToInt(List::size).sum());
    out.write(question, 12, question.length - 12);
    for (byte[] record : records) {
      out.writeShort(0xc00c); // the name in the question
      writeData(out, type(question), record);
    }
    for (Map.Entry<byte[], List<byte[]>> target : additional.entrySet()) {
      for (byte[] address : target.getValue()) {
        out.write(target.getKey());
        writeData(out, A, address);
      }
    }
    return bytes.toByteArray();
  }

  private void writeData(DataOutputStream out, int type, byte[] data) throws IOException {
    out.writeShort(type);
    out.writeShort(1);
    out.writeInt(timeToLive);
    out.writeShort(data.length);
    out.write(data);
  }

  private static void writeName(DataOutputStream out, String name) throws IOException {
    for (String label : name.equals(".") ? new String[0] : name.split("\\.")) {
      out.writeByte(label.length());
      out.writeBytes(label);
    }
    out.writeByte(0);
  }

  private static String name(byte[] question) {
    StringBuilder name = new StringBuilder();
    for (int at = 12; question[at] != 0; at += question[at] + 1) {
      name.append(name.length() == 0 ? "" : ".")
          .append(new String(question, at + 1, question[at], StandardCharsets.US_ASCII));
    }
    return name.toString().toLowerCase(Locale.ROOT);
  }

  private static int type(byte[] question) {
    int at = 12;
    while (question[at] != 0) {
      at += question[at] + 1;
    }
    return question[at + 1] << 8 | question[at + 2];
  }

  private static String text(byte[] question) {
    int type = type(question);
    return TYPES.getOrDefault(type, String.valueOf(type)) + " " + name(question);
  }

  @Override
  public void close() throws IOException {
    udp.close();
    tcp.close();
  }
}
