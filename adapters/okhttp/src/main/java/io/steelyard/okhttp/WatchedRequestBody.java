package io.steelyard.okhttp;

import java.io.IOException;
import okhttp3.MediaType;
import okhttp3.RequestBody;
import okio.Buffer;
import okio.BufferedSink;
import okio.ForwardingSink;
import okio.Okio;
import okio.Sink;
import org.jspecify.annotations.Nullable;

/** A request body that remembers whether anyone has asked for it, and whether it failed. */
final class WatchedRequestBody extends RequestBody {
  private final RequestBody body;
  private volatile boolean asked;
  private volatile boolean failed;

  WatchedRequestBody(RequestBody body) {
    this.body = body;
  }

  /** Whether it can be sent, again if it was asked for before. */
  boolean canBeSent() {
    return !failed && (!asked || !(body.isOneShot() || body.isDuplex()));
  }

  /** Whether the body could not be produced, which is no fault of the endpoint's. */
  boolean failed() {
    return failed;
  }

  @Override
  public @Nullable MediaType contentType() {
    return body.contentType();
  }

  @Override
  public long contentLength() throws IOException {
    return body.contentLength();
  }

  @Override
  public boolean isDuplex() {
    return body.isDuplex();
  }

  @Override
  public boolean isOneShot() {
    return body.isOneShot();
  }

  @Override
  public void writeTo(BufferedSink sink) throws IOException {
    asked = true;
    if (body.isDuplex()) {
      body.writeTo(sink); // keeps the sink
      return;
    }
    Connection connection = new Connection(sink);
    BufferedSink watched = Okio.buffer((Sink) connection);
    try {
      body.writeTo(watched);
      watched.emit();
    } catch (Throwable e) {
      failed = !connection.broken;
      throw e;
    }
  }

  /** The way to the endpoint; when that fails, it is not the body. */
  private static final class Connection extends ForwardingSink {
    private boolean broken;

    Connection(Sink sink) {
      super(sink);
    }

    @Override
    public void write(Buffer source, long byteCount) throws IOException {
      try {
        super.write(source, byteCount);
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }

    @Override
    public void flush() throws IOException {
      try {
        super.flush();
      } catch (IOException e) {
        broken = true;
        throw e;
      }
    }
  }
}
