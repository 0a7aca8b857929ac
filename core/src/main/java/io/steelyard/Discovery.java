package io.steelyard;

/**
 * A source of endpoints: publishes the whole topology, every time it changes.
 *
 * <p>Implementations never stop by themselves: while their source is out of reach they keep the
 * last good list, publish it again with a {@link Topology.State} that says so, and go on trying. An
 * empty list is a statement ("there are no endpoints") and is honoured.
 *
 * <p>A discovery may be watched by several balancers, and again after a watch was closed.
 */
@FunctionalInterface
public interface Discovery {
  /**
   * Starts to watch. The first list may be published before this method returns.
   *
   * @return closes this watch: idempotent; afterwards the listener is called no more, and no thread
   *     or socket of this watch is left
   */
  AutoCloseable watch(Listener listener);

  /**
   * Asks the source anew, for whoever has seen that an address is wrong: for all watches, at once
   * or as soon as the source may be asked again. Does nothing by default, as it should where a
   * source speaks by itself. Never blocks, and may be called often and from any thread.
   */
  default void refresh() {}

  /**
   * Takes what a discovery has to say. Calls may come from any thread, but never two at once; they
   * return quickly and do not throw.
   */
  interface Listener {
    /** The whole topology as it is now. */
    void update(Topology topology);

    /** Something went wrong that a topology's state does not tell. The last good topology stays. */
    void failed(Throwable cause);
  }
}
