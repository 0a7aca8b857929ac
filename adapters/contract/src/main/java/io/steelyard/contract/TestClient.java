package io.steelyard.contract;

import java.io.InputStream;
import java.util.concurrent.Future;

/** A balanced client, behind what all clients can do. It follows redirects. */
public interface TestClient extends AutoCloseable {
  /** Sends it and reads the whole answer. */
  Reply send(Ask ask) throws Exception;

  /** Sends it and returns when the headers are there; closing the body ends it. */
  Opened open(Ask ask) throws Exception;

  /** Sends it and reads the whole answer, elsewhere. {@code cancel(true)} calls it off. */
  Future<Reply> start(Ask ask);

  long abandonedBodies();

  /** An answer. */
  record Reply(int status, String body) {}

  /** An answer whose body is still to come. */
  record Opened(int status, InputStream body) {}
}
