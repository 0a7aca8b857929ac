package io.steelyard.grpc;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.Status;
import io.steelyard.Attempt;
import io.steelyard.Outcome;
import org.jspecify.annotations.Nullable;

/** An attempt that is a gRPC stream: it ends when the stream is closed. */
final class StreamAttempt extends ClientStreamTracer.Factory {
  private final Attempt attempt;
  private final Connection connection;

  StreamAttempt(Attempt attempt, Connection connection) {
    this.attempt = attempt;
    this.connection = connection;
  }

  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    connection.release(this);
    return new Tracer(attempt, info.getCallOptions().getDeadline());
  }

  /** No stream will come of it. */
  void takeBack() {
    attempt.cancel();
  }

  private static final class Tracer extends ClientStreamTracer {
    private final Attempt attempt;
    private final @Nullable Deadline deadline;
    private volatile boolean sent;

    Tracer(Attempt attempt, @Nullable Deadline deadline) {
      this.attempt = attempt;
      this.deadline = deadline;
    }

    @Override
    public void streamCreated(Attributes transport, Metadata headers) {
      sent = true;
    }

    @Override
    public void inboundHeaders() {
      attempt.responded();
    }

    @Override
    public void inboundTrailers(Metadata trailers) {
      attempt.responded(); // an answer may have no headers
    }

    @Override
    public void streamClosed(Status status) {
      // A server that sees the deadline pass first resets the stream: that says "cancelled" too.
      boolean late =
          status.getCode() == Status.Code.CANCELLED && deadline != null && deadline.isExpired();
      attempt.end(late ? Outcome.TIMEOUT : GrpcOutcomes.of(status, sent));
    }
  }
}
