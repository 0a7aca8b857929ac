package io.steelyard;

import org.jspecify.annotations.Nullable;

/**
 * What a stage or strategy inside another one remembers: a part of what the outer one remembers,
 * and closed by it. See {@link Context#inner}.
 */
public final class InnerMemory implements AutoCloseable {
  @Nullable Object content;

  /** Starts empty. */
  public InnerMemory() {}

  @Override
  public void close() throws Exception {
    if (content instanceof AutoCloseable closeable) {
      closeable.close();
    }
  }
}
