package io.steelyard.httpclient5;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;

/** A request body that remembers whether anyone has asked for it, and whether it failed. */
final class WatchedRequestEntity extends HttpEntityWrapper {
  private final HttpEntity body;
  private volatile boolean asked;
  private volatile boolean failed;

  WatchedRequestEntity(HttpEntity body) {
    super(body);
    this.body = body;
  }

  /** Whether it can be sent, again if it was asked for before. */
  boolean canBeSent() {
    return !failed && (!asked || body.isRepeatable());
  }

  /** Whether the body could not be produced, which is no fault of the endpoint's. */
  boolean failed() {
    return failed;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    asked = true;
    Connection connection = new Connection(out);
    try {
      body.writeTo(connection);
    } catch (Throwable e) {
      failed = !connection.broken;
      throw e;
    }
  }

  /** The way to the endpoint; when that fails, it is not the body. */
  private static final class Connection extends FilterOutputStream {
    private boolean broken;

    Connection(OutputStream out) {
      super(out);
    }

    @Override
    public void write(int b) throws IOException {
      write(new byte[] {(byte) b}, 0, 1);
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      try {
        out.write(bytes, offset, length);
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        out.flush();
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }
  }
}
