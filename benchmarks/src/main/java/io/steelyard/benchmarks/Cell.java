package io.steelyard.benchmarks;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/** What a bare balancer would know of an endpoint, padded like the library's own record. */
final class Cell extends CellPadAfter {
  static final VarHandle IN_FLIGHT = field("inFlight", long.class);
  static final VarHandle LATENCY = field("latency", long.class);

  private static VarHandle field(String name, Class<?> type) {
    try {
      return MethodHandles.lookup().findVarHandle(CellFields.class, name, type);
    } catch (ReflectiveOperationException e) {
      throw new ExceptionInInitializerError(e);
    }
  }
}

@SuppressWarnings("unused") // takes up room
abstract class CellPadBefore {
  private long b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15, b16;
}

abstract class CellFields extends CellPadBefore {
  volatile long inFlight;
  volatile long latency;
  volatile int failures;
}

@SuppressWarnings("unused") // takes up room
abstract class CellPadAfter extends CellFields {
  private long a1, a2, a3, a4, a5, a6, a7, a8, a9, a10, a11, a12, a13, a14, a15, a16;
}
