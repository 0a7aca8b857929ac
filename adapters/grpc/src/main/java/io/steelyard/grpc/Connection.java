package io.steelyard.grpc;

import io.grpc.ConnectivityState;
import io.grpc.ConnectivityStateInfo;
import io.grpc.EquivalentAddressGroup;
import io.grpc.LoadBalancer.Subchannel;
import io.grpc.Status;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The connection to one endpoint: a subchannel, its state, and the calls that have been given to it
 * but have no stream yet.
 *
 * <p>A call counts in flight from the pick, lest calls that are picked together all see an idle
 * endpoint. But gRPC opens its stream only if the connection is ready at that moment; else it keeps
 * the call and picks again, without a word. So a pick leaves its count here until the stream is
 * there, and when the connection is lost all that are left are taken back.
 */
final class Connection {
  final Subchannel subchannel;
  final String endpointId;
  final EquivalentAddressGroup addresses;
  private final Set<StreamAttempt> tentative = ConcurrentHashMap.newKeySet();
  private volatile boolean ready;

  // Within the channel's context.
  private boolean wanted = true;
  private boolean shutDown;
  private ConnectivityState state = ConnectivityState.IDLE;
  private Status failure = Status.OK;

  Connection(Subchannel subchannel, String endpointId, EquivalentAddressGroup addresses) {
    this.subchannel = subchannel;
    this.endpointId = endpointId;
    this.addresses = addresses;
  }

  boolean isReady() {
    return ready;
  }

  /** Whether it is to be connected again when it is lost. */
  boolean isWanted() {
    return wanted;
  }

  /** Says whether anything new may go there, or only what is there may end. */
  Connection wanted(boolean wanted) {
    this.wanted = wanted;
    return this;
  }

  /** Whether it was given up; gRPC goes on to tell of it for some seconds. */
  boolean isShutDown() {
    return shutDown;
  }

  ConnectivityState state() {
    return state;
  }

  /** Why it could not be had the last time; OK if it was never tried. */
  Status failure() {
    return failure;
  }

  /**
   * Takes up a state. One that could not be had stays failed until it can: while it is tried again
   * and again, calls should fail and not wait.
   *
   * @return whether it became ready, or no longer is
   */
  boolean update(ConnectivityStateInfo info) {
    ConnectivityState next = info.getState();
    if (next == ConnectivityState.TRANSIENT_FAILURE) {
      failure = info.getStatus();
    }
    boolean trying = next == ConnectivityState.CONNECTING || next == ConnectivityState.IDLE;
    if (state != ConnectivityState.TRANSIENT_FAILURE || !trying) {
      state = next;
    }
    boolean before = ready;
    ready = next == ConnectivityState.READY;
    if (before && !ready) {
      takeBack();
    }
    return before != ready;
  }

  /** Counts a call until its stream is there; false if the connection is lost. */
  boolean hold(StreamAttempt call) {
    tentative.add(call);
    if (ready) { // read after the call can be seen: either this or takeBack() finds it
      return true;
    }
    tentative.remove(call);
    return false;
  }

  void release(StreamAttempt call) {
    tentative.remove(call);
  }

  /** How many calls have been picked and have no stream. */
  int held() {
    return tentative.size();
  }

  void shutdown() {
    shutDown = true;
    ready = false;
    takeBack();
    subchannel.shutdown();
  }

  private void takeBack() {
    Set.copyOf(tentative)
        .forEach(
            call -> {
              if (tentative.remove(call)) { // else its stream has come after all
                call.takeBack();
              }
            });
  }
}
