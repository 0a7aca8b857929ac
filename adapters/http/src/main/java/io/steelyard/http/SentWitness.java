package io.steelyard.http;

import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/**
 * A request body that remembers whether anyone has asked for it. The JDK's client asks for its
 * length, and then for itself, when it has a connection to write to and not before.
 */
final class SentWitness implements BodyPublisher {
  private final BodyPublisher body;
  private volatile boolean asked;

  SentWitness(BodyPublisher body) {
    this.body = body;
  }

  boolean asked() {
    return asked;
  }

  @Override
  public long contentLength() {
    asked = true;
    return body.contentLength();
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
    asked = true;
    body.subscribe(subscriber);
  }
}
