package io.steelyard.okhttp;

import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.ResponseBody;
import okio.Buffer;
import okio.BufferedSource;
import okio.ForwardingSource;
import okio.Okio;
import okio.Source;
import org.jspecify.annotations.Nullable;

/** A response body that tells its exchange how it is read and how it ends. */
final class WatchedResponseBody extends ResponseBody {
  private final ResponseBody body;
  private final BufferedSource source;

  WatchedResponseBody(ResponseBody body, Exchange exchange) {
    this.body = body;
    this.source = Okio.buffer((Source) new Reading(body.source(), exchange));
  }

  @Override
  public @Nullable MediaType contentType() {
    return body.contentType();
  }

  @Override
  public long contentLength() {
    return body.contentLength();
  }

  @Override
  public BufferedSource source() {
    return source;
  }

  private static final class Reading extends ForwardingSource {
    private final Exchange exchange;

    Reading(Source source, Exchange exchange) {
      super(source);
      this.exchange = exchange;
    }

    @Override
    public long read(Buffer sink, long byteCount) throws IOException {
      exchange.reading();
      try {
        long count = super.read(sink, byteCount);
        if (count < 0) {
          exchange.endByStatus();
        }
        return count;
      } catch (IOException e) {
        throw exchange.bodyFailed(e);
      } finally {
        exchange.readOver();
      }
    }

    @Override
    public void close() throws IOException {
      exchange.endByStatus();
      super.close();
    }
  }
}
