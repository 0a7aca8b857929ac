package io.steelyard.http;

import java.net.http.HttpRequest.BodyPublisher;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Flow;

/**
 * A request body that remembers whether anyone has asked for it, and whether it failed. The JDK's
 * client asks for its length, and then for itself, when it has a connection to write to and not
 * before.
 */
final class SentWitness implements BodyPublisher {
  /** Those of the JDK's own that hold what they send; any other may have it once only. */
  private static final Set<Class<?>> REPEATABLE =
      Set.copyOf(
          List.of(
              BodyPublishers.noBody().getClass(),
              BodyPublishers.ofString("").getClass(),
              BodyPublishers.ofByteArray(new byte[0]).getClass()));

  private final BodyPublisher body;
  private volatile boolean asked;
  private volatile boolean failed;

  SentWitness(BodyPublisher body) {
    this.body = body;
  }

  boolean asked() {
    return asked;
  }

  /** Whether it can be sent, again if it was asked for before. */
  boolean canBeSent() {
    return !failed && (!asked || REPEATABLE.contains(body.getClass()));
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
