package io.steelyard.httpclient5;

import java.io.IOException;
import java.util.Set;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.apache.hc.core5.http.nio.DataStreamChannel;

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
    try {
      body.produce(channel);
    } catch (RuntimeException e) {
      failed = true; // an IOException may be the connection's
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
}
