package io.steelyard.grpc;

import io.grpc.Status;
import io.steelyard.Outcome;

/**
 * What a call's status says of the endpoint.
 *
 * <p>A status that an application gives as its answer ({@code NOT_FOUND}, {@code INVALID_ARGUMENT},
 * {@code FAILED_PRECONDITION}, …) says that the endpoint works.
 */
final class GrpcOutcomes {
  private GrpcOutcomes() {}

  /**
   * @param sent whether a stream was opened on a connection
   */
  static Outcome of(Status status, boolean sent) {
    return switch (status.getCode()) {
      case OK,
          INVALID_ARGUMENT,
          NOT_FOUND,
          ALREADY_EXISTS,
          PERMISSION_DENIED,
          UNAUTHENTICATED,
          FAILED_PRECONDITION,
          ABORTED,
          OUT_OF_RANGE,
          UNIMPLEMENTED ->
          Outcome.SUCCESS;
      case CANCELLED -> Outcome.CANCELLED;
      case DEADLINE_EXCEEDED -> Outcome.TIMEOUT;
      case RESOURCE_EXHAUSTED -> Outcome.OVERLOADED;
      case UNAVAILABLE -> sent ? Outcome.FAILURE : Outcome.UNREACHABLE;
      case UNKNOWN, INTERNAL, DATA_LOSS -> Outcome.FAILURE;
    };
  }
}
