package io.steelyard.httpclient5;

import io.steelyard.contract.Ask;
import io.steelyard.contract.TestClient;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.hc.client5.http.async.methods.SimpleHttpRequest;
import org.apache.hc.client5.http.async.methods.SimpleHttpResponse;
import org.apache.hc.client5.http.async.methods.SimpleRequestBuilder;
import org.apache.hc.client5.http.async.methods.SimpleResponseConsumer;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.core5.concurrent.FutureCallback;
import org.apache.hc.core5.http.ContentType;
import org.apache.hc.core5.http.nio.AsyncEntityProducer;
import org.apache.hc.core5.http.nio.entity.AsyncEntityProducerWrapper;
import org.apache.hc.core5.http.nio.entity.StringAsyncEntityProducer;
import org.apache.hc.core5.http.nio.support.BasicRequestProducer;
import org.apache.hc.core5.util.Timeout;

/** A client of the async API; bodies are read as streams through its classic facade. */
final class ApacheAsyncClient implements TestClient {
  private final CloseableHttpAsyncClient client;
  private final ApacheClient facade;
  private final SteelyardExec balancing;

  ApacheAsyncClient(CloseableHttpAsyncClient client, SteelyardExec balancing) {
    this.client = client;
    this.balancing = balancing;
    this.facade =
        new ApacheClient(HttpAsyncClients.classic(client, Timeout.ofMinutes(1)), balancing);
  }

  @Override
  public Reply send(Ask ask) throws Exception {
    try {
      return start(ask).get();
    } catch (ExecutionException e) {
      throw (Exception) e.getCause();
    }
  }

  @Override
  public Opened open(Ask ask) throws Exception {
    return facade.open(ask);
  }

  @Override
  public Future<Reply> start(Ask ask) {
    SimpleHttpRequest request = SimpleRequestBuilder.create(ask.method()).setUri(ask.url()).build();
    AsyncEntityProducer body = null;
    if (ask.body() != null) {
      body = new StringAsyncEntityProducer(ask.body(), ContentType.TEXT_PLAIN);
      if (ask.oneShot()) {
        body =
            new AsyncEntityProducerWrapper(body) {
              @Override
              public boolean isRepeatable() {
                return false;
              }
            };
      }
    }
    CompletableFuture<Reply> result = new CompletableFuture<>();
    Future<?> sent =
        client.execute(
            new BasicRequestProducer(request, body),
            SimpleResponseConsumer.create(),
            null,
            new FutureCallback<SimpleHttpResponse>() {
              @Override
              public void completed(SimpleHttpResponse response) {
                String text = response.getBodyText();
                result.complete(new Reply(response.getCode(), text == null ? "" : text));
              }

              @Override
              public void failed(Exception error) {
                result.completeExceptionally(error);
              }

              @Override
              public void cancelled() {
                result.cancel(false);
              }
            });
    return new CompletableFuture<Reply>() {
      {
        result.whenComplete(
            (reply, error) -> {
              if (error == null) {
                complete(reply);
              } else {
                completeExceptionally(error);
              }
            });
      }

      @Override
      public boolean cancel(boolean mayInterruptIfRunning) {
        sent.cancel(true);
        return super.cancel(mayInterruptIfRunning);
      }
    };
  }

  @Override
  public long abandonedBodies() {
    return balancing.abandonedBodies();
  }

  @Override
  public void close() throws Exception {
    facade.close();
  }
}
