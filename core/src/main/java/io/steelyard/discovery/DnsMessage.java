package io.steelyard.discovery;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.BufferUnderflowException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/**
 * Questions to name servers and what they answer, in the form of RFC 1035: as much of it as it
 * takes to ask for A, AAAA and SRV records. Bytes from outside are never trusted: whatever they
 * say, reading ends, stays within them, and gives an answer or an {@link IOException}.
 */
final class DnsMessage {
  static final int A = 1;
  static final int AAAA = 28;
  static final int SRV = 33;

  /** The largest answer over UDP: those that would be larger come over TCP. */
  static final int LARGEST_PACKET = 512;

  static final int NO_ERROR = 0;
  static final int NO_SUCH_NAME = 3;

  private static final int INTERNET = 1;
  private static final int HEADER = 12;
  private static final int RECURSION_DESIRED = 0x0100;
  private static final int RESPONSE = 0x8000;
  private static final int OPERATION = 0x7800;
  private static final int TRUNCATED = 0x0200;
  private static final int CODE = 0x000f;
  private static final int LONGEST_NAME = 255;

  private DnsMessage() {}

  /**
   * What was asked for: compared without regard to case.
   *
   * @param name without a dot at the end, in lower case
   */
  record Question(String name, int type) {
    static Question of(String name, int type) {
      String lower = name.toLowerCase(Locale.ROOT);
      return new Question(
          lower.endsWith(".") ? lower.substring(0, lower.length() - 1) : lower, type);
    }
  }

  /** One record: an address, or a service. */
  sealed interface Data {
    record Address(InetAddress address) implements Data {}

    record Service(SrvRecord srv) implements Data {}
  }

  /**
   * One record and whose it is.
   *
   * @param seconds how long it is good for
   */
  record Entry(Question of, long seconds, Data data) {}

  /**
   * An answer.
   *
   * @param code {@link #NO_ERROR}, {@link #NO_SUCH_NAME} or another of RFC 1035
   * @param truncated whether it did not fit
   * @param records of the type asked for, whatever alias they are found under
   * @param additional what else the server thinks will be wanted
   */
  record Answer(int code, boolean truncated, List<Entry> records, List<Entry> additional) {}

  /** Writes a question with this number. */
  static byte[] write(int number, Question question) {
    ByteArrayOutputStream out = new ByteArrayOutputStream(64);
    write16(out, number);
    write16(out, RECURSION_DESIRED);
    write16(out, 1); // question
    write16(out, 0);
    write16(out, 0);
    write16(out, 0);
    for (String label : question.name().split("\\.", -1)) {
      byte[] bytes = label.getBytes(StandardCharsets.US_ASCII);
      out.write(bytes.length);
      out.write(bytes, 0, bytes.length);
    }
    out.write(0);
    write16(out, question.type());
    write16(out, INTERNET);
    return out.toByteArray();
  }

  private static void write16(ByteArrayOutputStream out, int value) {
    out.write(value >>> 8);
    out.write(value);
  }

  /** Whether this is an answer to that question, and no older or forged one. */
  static boolean answers(ByteBuffer message, int number, Question question) {
    try {
      ByteBuffer in = message.duplicate();
      int itsNumber = read16(in);
      int flags = read16(in);
      int questions = read16(in);
      in.position(HEADER);
      return itsNumber == number
          && (flags & RESPONSE) != 0
          && (flags & OPERATION) == 0
          && questions == 1
          && question.equals(Question.of(name(in), read16(in)))
          && read16(in) == INTERNET;
    } catch (IOException | BufferUnderflowException | IllegalArgumentException e) {
      return false;
    }
  }

  /**
   * Reads an answer to this question.
   *
   * @throws IOException if it is none
   */
  static Answer read(ByteBuffer message, Question question) throws IOException {
    try {
      ByteBuffer in = message.duplicate();
      in.getShort();
      int flags = read16(in);
      in.getShort();
      int answers = read16(in);
      int authorities = read16(in);
      int more = read16(in);
      name(in); // the question, again
      in.getInt();
      if ((flags & TRUNCATED) != 0) {
        return new Answer(flags & CODE, true, List.of(), List.of());
      }
      List<Entry> records = new ArrayList<>();
      for (Entry record : records(in, answers)) {
        if (record.of().type() == question.type()) {
          records.add(record);
        }
      }
      records(in, authorities);
      return new Answer(flags & CODE, false, records, records(in, more));
    } catch (BufferUnderflowException | IllegalArgumentException e) {
      throw new IOException("an answer that ends too soon", e);
    }
  }

  private static List<Entry> records(ByteBuffer in, int count) throws IOException {
    List<Entry> records = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      String name = name(in);
      int type = read16(in);
      int kind = read16(in);
      long seconds = Math.max(0, in.getInt()); // RFC 2181: the highest bit set is zero
      int length = read16(in);
      int end = in.position() + length;
      if (end > in.limit()) {
        throw new IOException("a record that ends too soon");
      }
      if (kind == INTERNET) {
        Data data =
            switch (type) {
              case A -> address(in, length, 4);
              case AAAA -> address(in, length, 16);
              case SRV -> service(in);
              default -> null;
            };
        if (data != null) {
          records.add(new Entry(Question.of(name, type), seconds, data));
        }
      }
      in.position(end);
    }
    return records;
  }

  private static Data address(ByteBuffer in, int length, int expected) throws IOException {
    if (length != expected) {
      throw new IOException("an address of " + length + " bytes");
    }
    byte[] bytes = new byte[length];
    in.get(bytes);
    return new Data.Address(InetAddress.getByAddress(bytes));
  }

  private static Data service(ByteBuffer in) throws IOException {
    return new Data.Service(new SrvRecord(read16(in), read16(in), read16(in), name(in)));
  }

  private static int read16(ByteBuffer in) {
    return in.getShort() & 0xffff;
  }

  /**
   * Reads a name, and follows pointers, which lead back only. A character that no host name has
   * becomes a question mark, so that such a name is nobody's.
   */
  private static String name(ByteBuffer in) throws IOException {
    StringBuilder name = new StringBuilder();
    ByteBuffer at = in;
    int before = in.position();
    while (true) {
      int length = at.get() & 0xff;
      if (length == 0) {
        return name.toString();
      }
      if (length >= 0xc0) {
        int target = (length & 0x3f) << 8 | (at.get() & 0xff);
        if (target >= before) {
          throw new IOException("a name that points forwards");
        }
        before = target;
        at = in.duplicate(); // the message's own position stays behind the pointer
        at.position(target);
      } else if (length > 63) {
        throw new IOException("a label of " + length + " bytes");
      } else {
        name.append(name.length() == 0 ? "" : ".");
        for (int i = 0; i < length; i++) {
          char c = (char) (at.get() & 0xff);
          boolean usual = c < 128 && (Character.isLetterOrDigit(c) || c == '-' || c == '_');
          name.append(usual ? c : '?');
        }
        if (name.length() > LONGEST_NAME) {
          throw new IOException("a name of over " + LONGEST_NAME + " bytes");
        }
      }
    }
  }
}
