package io.steelyard.httpclient5;

import io.steelyard.contract.Ask;
import io.steelyard.contract.Setup;
import io.steelyard.contract.TestClient;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.net.URI;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.apache.hc.client5.http.classic.methods.HttpUriRequestBase;
import org.apache.hc.client5.http.impl.classic.CloseableHttpClient;
import org.apache.hc.core5.http.ClassicHttpResponse;
import org.apache.hc.core5.http.HttpEntity;
import org.apache.hc.core5.http.io.entity.EntityUtils;
import org.apache.hc.core5.http.io.entity.InputStreamEntity;
import org.apache.hc.core5.http.io.entity.StringEntity;

/** A client of the classic API; what is cancelled runs on a thread of its own. */
final class ApacheClient implements TestClient {
  private final CloseableHttpClient client;
  private final SteelyardExec balancing;
  private final ExecutorService threads = Executors.newCachedThreadPool();

  ApacheClient(CloseableHttpClient client, SteelyardExec balancing) {
    this.client = client;
    this.balancing = balancing;
  }

  static SteelyardExec balancing(Setup setup) {
    SteelyardExec.Builder builder =
        SteelyardExec.builder()
            .service(setup.service, setup.balancer)
            .passThrough(setup.passThrough)
            .platform(setup.platform)
            .abandonBodyAfter(setup.abandonBodyAfter);
    if (setup.retry != null) {
      builder.retry(setup.retry);
    }
    return builder.build();
  }

  @Override
  public Reply send(Ask ask) throws Exception {
    return client.execute(request(ask), ApacheClient::reply);
  }

  @Override
  public Opened open(Ask ask) throws Exception {
    ClassicHttpResponse response = client.executeOpen(null, request(ask), null);
    return new Opened(
        response.getCode(),
        new FilterInputStream(response.getEntity().getContent()) {
          @Override
          public void close() throws IOException {
            super.close();
            response.close();
          }
        });
  }

  @Override
  public Future<Reply> start(Ask ask) {
    HttpUriRequestBase request = request(ask);
    CompletableFuture<Reply> result =
        new CompletableFuture<>() {
          @Override
          public boolean cancel(boolean mayInterruptIfRunning) {
            request.cancel();
            return super.cancel(mayInterruptIfRunning);
          }
        };
    threads.execute(
        () -> {
          try {
            result.complete(client.execute(request, ApacheClient::reply));
          } catch (Throwable e) {
            result.completeExceptionally(e);
          }
        });
    return result;
  }

  @Override
  public long abandonedBodies() {
    return balancing.abandonedBodies();
  }

  @Override
  public void close() throws Exception {
    threads.shutdownNow();
    client.close();
  }

  private static Reply reply(ClassicHttpResponse response) throws IOException {
    HttpEntity entity = response.getEntity();
    try {
      return new Reply(response.getCode(), entity == null ? "" : EntityUtils.toString(entity));
    } catch (org.apache.hc.core5.http.ParseException e) {
      throw new IOException(e);
    }
  }

  private static HttpUriRequestBase request(Ask ask) {
    HttpUriRequestBase request = new HttpUriRequestBase(ask.method(), URI.create(ask.url()));
    if (ask.body() != null) {
      request.setEntity(
          ask.oneShot()
              ? new InputStreamEntity(new ByteArrayInputStream(ask.body().getBytes()), null)
              : new StringEntity(ask.body()));
    }
    return request;
  }
}
