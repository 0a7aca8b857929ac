package io.steelyard.httpclient5;

import static org.awaitility.Awaitility.await;

import io.steelyard.contract.HttpAdapterContract;
import io.steelyard.contract.Setup;
import io.steelyard.contract.TestClient;
import java.net.UnknownHostException;
import java.time.Duration;
import org.apache.hc.client5.http.config.TlsConfig;
import org.apache.hc.client5.http.impl.async.CloseableHttpAsyncClient;
import org.apache.hc.client5.http.impl.async.HttpAsyncClients;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManager;
import org.apache.hc.client5.http.impl.nio.PoolingAsyncClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;
import org.apache.hc.core5.http2.HttpVersionPolicy;

/** The contract, through the async client. */
final class AsyncContractTest extends HttpAdapterContract {
  private PoolingAsyncClientConnectionManager pool;

  @Override
  protected Class<? extends Throwable> unknownService() {
    return UnknownHostException.class;
  }

  /** The client says that an answer is there before it takes the connection back. */
  @Override
  protected void settle() {
    await()
        .pollDelay(Duration.ZERO)
        .pollInterval(Duration.ofMillis(1))
        .until(() -> pool.getTotalStats().getLeased() == 0);
  }

  @Override
  protected TestClient client(Setup setup) {
    SteelyardExec balancing = ApacheClient.balancing(setup);
    PoolingAsyncClientConnectionManagerBuilder connections =
        PoolingAsyncClientConnectionManagerBuilder.create()
            .setMessageMultiplexing(true)
            .setDefaultTlsConfig(
                TlsConfig.custom()
                    .setVersionPolicy(
                        setup.http2 ? HttpVersionPolicy.NEGOTIATE : HttpVersionPolicy.FORCE_HTTP_1)
                    .build())
            .setMaxConnPerRoute(200)
            .setMaxConnTotal(600);
    if (setup.trust != null) {
      connections.setTlsStrategy(new DefaultClientTlsStrategy(setup.trust.client()));
    }
    pool = connections.build();
    CloseableHttpAsyncClient client =
        balancing.addTo(HttpAsyncClients.custom().setConnectionManager(pool)).build();
    client.start();
    return new ApacheAsyncClient(client, balancing);
  }
}
