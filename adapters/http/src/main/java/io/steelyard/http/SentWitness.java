package io.steelyard.http;

import java.net.http.HttpRequest.BodyPublisher;
import java.nio.ByteBuffer;
import java.util.concurrent.Flow;

/**
 * A request body that remembers whether anyone has asked for it, and whether it failed. The JDK's
 * client asks for its length, and then for itself, when it has a connection to write to and not
 * before.
 */
final class SentWitness implements BodyPublisher {
  private final BodyPublisher body;
  private volatile boolean asked;
  private volatile boolean failed;

  SentWitness(BodyPublisher body) {
    this.body = body;
  }

  boolean asked() {
    return asked;
  }

  /** Whether the body could not be produced, which is no fault of the endpoint's. */
  boolean failed() {
    return failed;
  }

  @Override
  public long contentLength() {
    asked = true;
    return body.contentLength();
  }

  @Override
  public void subscribe(Flow.Subscriber<? super ByteBuffer> subscriber) {
    asked = true;
    body.subscribe(new Watched(subscriber));
  }

  private final class Watched implements Flow.Subscriber<ByteBuffer> {
    private final Flow.Subscriber<? super ByteBuffer> client;

    Watched(Flow.Subscriber<? super ByteBuffer> client) {
      this.client = client;
    }

    @Override
    public void onSubscribe(Flow.Subscription subscription) {
      client.onSubscribe(subscription);
    }

    @Override
    public void onNext(ByteBuffer item) {
      client.onNext(item);
    }

    @Override
    public void onError(Throwable error) {
      failed = true;
      client.onError(error);
    }

    @Override
    public void onComplete() {
      client.onComplete();
    }
  }
}
