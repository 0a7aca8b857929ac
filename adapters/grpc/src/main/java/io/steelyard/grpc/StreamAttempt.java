package io.steelyard.grpc;

import io.grpc.Attributes;
import io.grpc.ClientStreamTracer;
import io.grpc.Deadline;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.steelyard.Attempt;
import io.steelyard.Outcome;
import java.lang.ref.Cleaner;
import org.jspecify.annotations.Nullable;

/** An attempt that is a gRPC stream: it ends when the stream is closed. */
final class StreamAttempt extends ClientStreamTracer.Factory {
  private final Attempt attempt;
  private final Connection connection;
  private final MethodType type;
  private final boolean kept;

  /**
   * @param kept whether the channel had kept the call until there was a connection
   */
  StreamAttempt(Attempt attempt, Connection connection, MethodType type, boolean kept) {
    this.attempt = attempt;
    this.connection = connection;
    this.type = type;
    this.kept = kept;
  }

  @Override
  public ClientStreamTracer newClientStreamTracer(
      ClientStreamTracer.StreamInfo info, Metadata headers) {
    connection.release(this);
    if (type != MethodType.UNARY && type != MethodType.UNKNOWN) {
      attempt.untimed(); // the first message comes when there is one, or when the caller is done
    }
    Tracer tracer = new Tracer(attempt, type, info.getCallOptions().getDeadline());
    if (kept) {
      tracer.forgotten = Forgotten.watch(tracer, attempt);
    }
    return tracer;
  }

  /** No stream will come of it. */
  void takeBack() {
    takeBack(attempt);
  }

  /** Counts it as if it had not been: no endpoint has seen anything of it. */
  private static void takeBack(Attempt attempt) {
    attempt.untimed();
    attempt.cancel();
  }

  /**
   * Ends attempts whose stream gRPC has dropped without a word: it makes one for a call that it has
   * kept, finds that the call was cancelled meanwhile, and neither starts nor closes it. Nothing
   * refers to such a tracer any more.
   */
  private static final class Forgotten {
    private static final Cleaner CLEANER = Cleaner.create();

    static Cleaner.Cleanable watch(Tracer tracer, Attempt attempt) {
      return CLEANER.register(tracer, () -> takeBack(attempt));
    }
  }

  private static final class Tracer extends ClientStreamTracer {
    private final Attempt attempt;
    private final MethodType type;
    private final @Nullable Deadline deadline;
    private Cleaner.@Nullable Cleanable forgotten; // set before gRPC sees it
    private volatile boolean created;
    private volatile boolean sent;
    private volatile boolean answered;

    Tracer(Attempt attempt, MethodType type, @Nullable Deadline deadline) {
      this.attempt = attempt;
      this.type = type;
      this.deadline = deadline;
    }

    @Override
    public void streamCreated(Attributes transport, Metadata headers) {
      created = true;
    }

    @Override
    public void outboundHeaders() {
      sent = true;
    }

    @Override
    public void inboundHeaders() {
      answered = true;
      attempt.responded();
    }

    @Override
    public void streamClosed(Status status) {
      if (created) {
        attempt.end(outcome(status));
      } else {
        takeBack(attempt); // credentials could not be had, or the caller gave up meanwhile
      }
      Cleaner.Cleanable watched = forgotten;
      if (watched != null) {
        watched.clean();
      }
    }

    private Outcome outcome(Status status) {
      // A server that sees the deadline pass first resets the stream: that says "cancelled" too.
      boolean late =
          status.getCode() == Status.Code.DEADLINE_EXCEEDED
              || (status.getCode() == Status.Code.CANCELLED
                  && deadline != null
                  && deadline.isExpired());
      if (late) {
        // Of a stream that has begun to answer, the caller has had enough.
        return answered && !type.serverSendsOneMessage() ? Outcome.CANCELLED : Outcome.TIMEOUT;
      }
      return GrpcOutcomes.of(status, sent);
    }
  }
}
