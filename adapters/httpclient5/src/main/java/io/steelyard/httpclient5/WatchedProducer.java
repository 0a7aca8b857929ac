package io.steelyard.httpclient5;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.apache.hc.core5.http.nio.DataStreamChannel;
import org.jspecify.annotations.Nullable;

/** A request body that remembers whether anyone has asked for it, and whether it failed. */
final class WatchedProducer implements AsyncEntityProducer {
  private final AsyncEntityProducer body;
  private volatile boolean asked;
  private volatile boolean failed;

  WatchedProducer(AsyncEntityProducer body) {
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
  public void produce(DataStreamChannel channel) throws IOException {
    asked = true;
    Connection connection = new Connection(channel);
    try {
      body.produce(connection);
    } catch (Throwable e) {
      failed = !connection.broken;
      throw e;
    }
  }

  @Override
  public int available() {
    return body.available();
  }

  @Override
  public boolean isRepeatable() {
    return body.isRepeatable();
  }

  @Override
  public void failed(Exception cause) {
    body.failed(cause);
  }

  @Override
  public void releaseResources() {
    body.releaseResources();
  }

  @Override
  public long getContentLength() {
    return body.getContentLength();
  }

  @Override
  public String getContentType() {
    return body.getContentType();
  }

  @Override
  public String getContentEncoding() {
    return body.getContentEncoding();
  }

  @Override
  public boolean isChunked() {
    return body.isChunked();
  }

  @Override
  public Set<String> getTrailerNames() {
    return body.getTrailerNames();
  }

  /** The way to the endpoint; when that fails, it is not the body. */
  private static final class Connection implements DataStreamChannel {
    private final DataStreamChannel channel;
    private boolean broken;

    Connection(DataStreamChannel channel) {
      this.channel = channel;
    }

    @Override
    public void requestOutput() {
      channel.requestOutput();
    }

    @Override
    public int write(ByteBuffer source) throws IOException {
      try {
        return channel.write(source);
      } catch (Throwable e) {
        broken = true;
        throw e;
      }
    }

    @Override
    public void endStream() throws IOException {
      endStream(null);
    }

    @Override
    public void endStream(@Nullable List<? extends Header> trailers) throws IOException {
      try {
        channel.endStream(trailers);
      } catch (Throwable e) {
        broken = true;
        throw e;
      }
    }
  }
}
