package io.steelyard;

/**
 * A picker that also bounds what is in flight on a candidate by what is in flight in all: a share
 * of the total instead of a fixed number, which is what {@link Candidates#limit} is for.
 *
 * <p>The balancer admits what such a picker chooses by a conditional add: a request is begun on a
 * candidate only if that leaves no more than {@link #limit} in flight there. Unlike a limit, a
 * bound turns nobody away. Where it leaves no room on any candidate that this request may use
 * (because it avoids some, or some are at a limit of their own), the bound is asked again with the
 * total that would be in flight if those had to carry everything.
 *
 * <p><b>The total</b> is one counter of the balancer, moved only by requests that begin under such
 * a picker: up before they choose, down after they have ended. So it counts every request in flight
 * and those just being begun, on all endpoints, also on those that are excluded or gone meanwhile.
 * What had begun before such a picker came into force is not in it; while that lasts bounds are
 * tighter than they need be, and if no candidate has room by them, the requests in flight on each
 * are added up.
 */
public interface BoundedPicker extends Picker {
  /**
   * The most requests that may be in flight on a candidate after one more has begun there: 1 or
   * more, not falling as {@code total} rises.
   *
   * @param total the requests in flight in all, with the one that asks: 1 or more
   */
  int limit(int candidate, int total);

  /**
   * As {@link #pick(PickContext, int)}, passing over candidates that have no room: rank 0 is the
   * first that has. The balancer asks for the same rank again if somebody else took the last room.
   *
   * @param total what {@link #limit} is asked with
   */
  int pick(PickContext context, int rank, int total);
}
