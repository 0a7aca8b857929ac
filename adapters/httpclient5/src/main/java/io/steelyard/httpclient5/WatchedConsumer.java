package io.steelyard.httpclient5;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.hc.core5.http.Header;
import org.apache.hc.core5.http.HttpException;
import org.apache.hc.core5.http.nio.AsyncDataConsumer;
import org.apache.hc.core5.http.nio.CapacityChannel;
import org.jspecify.annotations.Nullable;

/** The reader of a response body, with an eye on how the body ends and whether it is being read. */
final class WatchedConsumer implements AsyncDataConsumer {
  private final AsyncDataConsumer reader;
  private final Exchange exchange;
  private final Deadline deadline;

  /** What the client takes in before it asks the reader for room, by default. */
  private static final int FIRST_ROOM = 65_535;

  /** Bytes that the reader has room for. */
  private final AtomicLong room = new AtomicLong(FIRST_ROOM);

  WatchedConsumer(AsyncDataConsumer reader, Exchange exchange, Deadline deadline) {
    this.reader = reader;
    this.exchange = exchange;
    this.deadline = deadline;
    exchange.awaited(true);
  }

  @Override
  public void updateCapacity(CapacityChannel channel) throws IOException {
    reader.updateCapacity(
        increment -> {
          exchange.awaited(room.addAndGet(increment) > 0);
          channel.update(increment);
        });
  }

  @Override
  public void consume(ByteBuffer source) throws IOException {
    deadline.resetIfExpired();
    exchange.awaited(room.addAndGet(-source.remaining()) > 0);
    try {
      reader.consume(source);
    } catch (Throwable e) {
      exchange.endByStatus(); // no fault of the endpoint's
      throw e;
    }
  }

  @Override
  public void streamEnd(@Nullable List<? extends Header> trailers)
      throws HttpException, IOException {
    exchange.endByStatus(); // before the reader hears of it: it may wake whoever looks at the stats
    reader.streamEnd(trailers);
  }

  @Override
  public void releaseResources() {
    reader.releaseResources();
  }
}
