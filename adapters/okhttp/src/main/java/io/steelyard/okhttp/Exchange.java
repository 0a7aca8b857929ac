package io.steelyard.okhttp;

import io.steelyard.Attempt;
import io.steelyard.Outcome;
import io.steelyard.adapter.HttpRules;
import io.steelyard.adapter.OpenBodies;
import java.io.IOException;
import okhttp3.Dns;
import okhttp3.HttpUrl;
import okhttp3.Request;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/** One try of one call: turns what becomes of it into one verdict on the attempt. */
final class Exchange extends OpenBodies.Body {
  private final Journey journey;
  private final Attempt attempt;
  private final OpenBodies openBodies;
  private final EndpointDns dns;
  private final Request logical;
  private final Request request;
  private final @Nullable WatchedRequestBody body;

  private volatile Outcome byStatus = Outcome.SUCCESS;
  private volatile boolean shown;
  private volatile boolean listed;
  private volatile boolean beingRead;

  /** Since when nobody has read; of use while nobody does. */
  private volatile long idleSince;

  Exchange(Journey journey, Attempt attempt, Request logical, Dns theirs, OpenBodies openBodies) {
    this.journey = journey;
    this.attempt = attempt;
    this.openBodies = openBodies;
    this.logical = logical;
    this.dns = new EndpointDns(logical.url().host(), attempt.endpoint().host(), theirs);
    this.body = logical.body() == null ? null : new WatchedRequestBody(logical.body());
    this.request = retargeted(logical);
  }

  /** The same request at the endpoint's port; where its name leads is said by the Dns. */
  private Request retargeted(Request logical) {
    int port = attempt.endpoint().port();
    boolean elsewhere = port != logical.url().port();
    if (!elsewhere && body == null) {
      return logical;
    }
    Request.Builder copy = logical.newBuilder();
    if (elsewhere) {
      copy.url(journey.at(port));
      if (logical.header("Host") == null) {
        copy.header("Host", hostOf(logical));
      }
    }
    if (body != null) {
      copy.method(logical.method(), body);
    }
    return copy.build();
  }

  private static String hostOf(Request request) {
    int port = request.url().port();
    boolean usual = port == HttpUrl.defaultPort(request.url().scheme());
    return usual ? request.url().host() : request.url().host() + ":" + port;
  }

  Request request() {
    return request;
  }

  Attempt attempt() {
    return attempt;
  }

  EndpointDns dns() {
    return dns;
  }

  /** Whether the request can be sent again, its body included. */
  boolean canBeSentAgain() {
    return body == null || body.canBeSent();
  }

  /** Judges an error of {@code proceed} and ends the attempt so. */
  Outcome failed(Throwable error) {
    Outcome outcome = outcomeOf(error);
    end(outcome);
    return outcome;
  }

  private Outcome outcomeOf(Throwable error) {
    Outcome given = journey.givenUp();
    if (given != null) {
      return given;
    }
    if ((body != null && body.failed()) || HttpRules.isInterruption(error)) {
      return Outcome.CANCELLED;
    }
    if (!dns.connected() && error instanceof IOException && request.header("Upgrade") == null) {
      return Outcome.UNREACHABLE;
    }
    if (HttpRules.isConnectFailure(error)) {
      return Outcome.UNREACHABLE; // an upgrade, which no witness sees
    }
    Outcome outcome = journey.ofError(error);
    return outcome == Outcome.UNREACHABLE ? Outcome.FAILURE : outcome;
  }

  /** An answer's headers are here. */
  Outcome responded(Response response) {
    attempt.responded();
    Outcome outcome = journey.ofResponse(response);
    byStatus = outcome;
    return outcome;
  }

  /** The answer as the caller knows it, with an eye on its body. */
  Response delivered(Response response) {
    shown = true;
    ResponseBody body = response.body();
    if (response.code() == 101 || body.contentLength() == 0) {
      endByStatus();
      return request == logical ? response : response.newBuilder().request(logical).build();
    }
    idleSince = openBodies.nanoTime();
    listed = true;
    openBodies.add(this);
    return response.newBuilder().request(logical).body(new WatchedResponseBody(body, this)).build();
  }

  void endByStatus() {
    end(byStatus);
  }

  void end(Outcome outcome) {
    attempt.end(outcome);
    if (listed) {
      openBodies.remove(this);
    }
    if (shown) {
      journey.over();
    }
  }

  /** The body broke off; returns what its reader is to hear. */
  IOException bodyFailed(IOException error) {
    Outcome given = journey.givenUp();
    if (given == null) {
      given = HttpRules.isInterruption(error) ? Outcome.CANCELLED : journey.ofError(error);
    }
    end(given);
    return journey.asTimeout(error);
  }

  void reading() {
    beingRead = true;
  }

  void readOver() {
    if (!attempt.ended()) {
      idleSince = openBodies.nanoTime();
    }
    beingRead = false;
  }

  // ---- abandoned bodies ----

  @Override
  public boolean ended() {
    return attempt.ended();
  }

  @Override
  public boolean idleFor(long nanos, long now) {
    return !beingRead && now - idleSince >= nanos;
  }

  /** Stops counting; the body itself is left alone. */
  @Override
  public void abandon() {
    endByStatus();
  }
}
