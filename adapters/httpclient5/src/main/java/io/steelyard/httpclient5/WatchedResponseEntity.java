package io.steelyard.httpclient5;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.HttpEntityWrapper;
import org.jspecify.annotations.Nullable;

/** A response body that tells its exchange how it is read and how it ends. */
final class WatchedResponseEntity extends HttpEntityWrapper {
  private final HttpEntity body;
  private final ClassicJourney journey;
  private final Exchange exchange;
  private @Nullable InputStream content;

  WatchedResponseEntity(HttpEntity body, ClassicJourney journey, Exchange exchange) {
    super(body);
    this.body = body;
    this.journey = journey;
    this.exchange = exchange;
  }

  @Override
  public InputStream getContent() throws IOException {
    InputStream known = content;
    if (known == null) {
      known = new Reading(body.getContent());
      content = known;
    }
    return known;
  }

  @Override
  public void writeTo(OutputStream out) throws IOException {
    try (InputStream in = getContent()) {
      in.transferTo(out);
    }
  }

  @Override
  public void close() throws IOException {
    exchange.endByStatus();
    body.close();
  }

  private final class Reading extends FilterInputStream {
    Reading(InputStream in) {
      super(in);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] bytes, int offset, int length) throws IOException {
      int count;
      exchange.awaited(true);
      try {
        count = in.read(bytes, offset, length);
      } catch (IOException e) {
        throw journey.bodyFailed(exchange, e);
      } finally {
        exchange.awaited(false);
      }
      if (count < 0) {
        exchange.endByStatus();
      }
      return count;
    }

    @Override
    public long skip(long count) throws IOException {
      byte[] nothing = new byte[(int) Math.max(0, Math.min(count, 8192))];
      return Math.max(0, read(nothing, 0, nothing.length));
    }

    @Override
    public boolean markSupported() {
      return false;
    }

    @Override
    public void close() throws IOException {
      exchange.endByStatus();
      super.close();
    }
  }
}
