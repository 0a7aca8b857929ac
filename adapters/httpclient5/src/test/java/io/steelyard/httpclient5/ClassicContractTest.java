package io.steelyard.httpclient5;

import io.steelyard.contract.HttpAdapterContract;
import io.steelyard.contract.Setup;
import io.steelyard.contract.TestClient;
import java.net.UnknownHostException;
import org.apache.hc.client5.http.impl.classic.HttpClients;
import org.apache.hc.client5.http.impl.io.PoolingHttpClientConnectionManagerBuilder;
import org.apache.hc.client5.http.ssl.DefaultClientTlsStrategy;

/** The contract, through the classic client. */
final class ClassicContractTest extends HttpAdapterContract {
  @Override
  protected Class<? extends Throwable> unknownService() {
    return UnknownHostException.class;
  }

  @Override
  protected boolean speaksHttp2() {
    return false;
  }

  @Override
  protected TestClient client(Setup setup) {
    SteelyardExec balancing = ApacheClient.balancing(setup);
    PoolingHttpClientConnectionManagerBuilder connections =
        PoolingHttpClientConnectionManagerBuilder.create()
            .setMaxConnPerRoute(200)
            .setMaxConnTotal(600);
    if (setup.trust != null) {
      connections.setTlsSocketStrategy(new DefaultClientTlsStrategy(setup.trust.client()));
    }
    return new ApacheClient(
        balancing.addTo(HttpClients.custom().setConnectionManager(connections.build())).build(),
        balancing);
  }
}
