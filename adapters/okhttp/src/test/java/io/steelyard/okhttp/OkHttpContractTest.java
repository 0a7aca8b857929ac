package io.steelyard.okhttp;

import io.steelyard.contract.Ask;
import io.steelyard.contract.HttpAdapterContract;
import io.steelyard.contract.Setup;
import io.steelyard.contract.TestClient;
import java.io.IOException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.BufferedSink;

/** The contract, through {@code execute} and, for what is cancelled, {@code enqueue}. */
final class OkHttpContractTest extends HttpAdapterContract {
  @Override
  protected Class<? extends Throwable> unknownService() {
    return UnknownHostException.class;
  }

  @Override
  protected TestClient client(Setup setup) {
    OkHttpClient.Builder plain = new OkHttpClient.Builder();
    if (!setup.http2) {
      plain.protocols(List.of(Protocol.HTTP_1_1));
    }
    if (setup.trust != null) {
      plain.sslSocketFactory(setup.trust.client().getSocketFactory(), setup.trust.trust());
    }
    OkHttpClient wrapped = plain.build();
    wrapped.dispatcher().setMaxRequestsPerHost(100); // a service is one host
    SteelyardInterceptor.Builder builder =
        SteelyardInterceptor.wrap(wrapped)
            .service(setup.service, setup.balancer)
            .passThrough(setup.passThrough)
            .platform(setup.platform)
            .abandonBodyAfter(setup.abandonBodyAfter);
    if (setup.retry != null) {
      builder.retry(setup.retry);
    }
    return new Client(builder.build());
  }

  private record Client(OkHttpClient client) implements TestClient {
    @Override
    public Reply send(Ask ask) throws Exception {
      return reply(client.newCall(request(ask)).execute());
    }

    @Override
    public Opened open(Ask ask) throws Exception {
      Response response = client.newCall(request(ask)).execute();
      return new Opened(response.code(), response.body().byteStream());
    }

    @Override
    public Future<Reply> start(Ask ask) {
      Call call = client.newCall(request(ask));
      CompletableFuture<Reply> result =
          new CompletableFuture<>() {
            @Override
            public boolean cancel(boolean mayInterruptIfRunning) {
              call.cancel();
              return super.cancel(mayInterruptIfRunning);
            }
          };
      call.enqueue(
          new Callback() {
            @Override
            public void onFailure(Call call, IOException e) {
              result.completeExceptionally(e);
            }

            @Override
            public void onResponse(Call call, Response response) throws IOException {
              try {
                result.complete(reply(response));
              } catch (IOException e) {
                result.completeExceptionally(e);
              }
            }
          });
      return result;
    }

    @Override
    public long abandonedBodies() {
      return SteelyardInterceptor.of(client).abandonedBodies();
    }

    @Override
    public void close() {
      client.dispatcher().cancelAll();
      client.dispatcher().executorService().shutdownNow();
      client.connectionPool().evictAll();
    }

    private static Reply reply(Response response) throws IOException {
      try (response) {
        return new Reply(response.code(), response.body().string());
      }
    }

    private static Request request(Ask ask) {
      return new Request.Builder().url(ask.url()).method(ask.method(), body(ask)).build();
    }

    private static RequestBody body(Ask ask) {
      if (ask.body() == null) {
        return null;
      }
      RequestBody body = RequestBody.create(ask.body().getBytes());
      if (!ask.oneShot()) {
        return body;
      }
      return new RequestBody() {
        @Override
        public okhttp3.MediaType contentType() {
          return null;
        }

        @Override
        public boolean isOneShot() {
          return true;
        }

        @Override
        public void writeTo(BufferedSink sink) throws IOException {
          body.writeTo(sink);
        }
      };
    }
  }
}
