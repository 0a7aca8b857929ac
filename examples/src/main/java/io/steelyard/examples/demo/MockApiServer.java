package io.steelyard.examples.demo;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.server.mock.KubernetesCrudDispatcher;
import io.fabric8.kubernetes.client.server.mock.KubernetesMockServer;
import io.fabric8.mockwebserver.Context;
import io.fabric8.mockwebserver.MockWebServer;
import java.util.HashMap;

/**
 * fabric8's mock of an API server: it keeps objects, lists them and sends watch events over real
 * HTTP, inside this process.
 */
final class MockApiServer implements ApiServer {
  private final KubernetesMockServer server;
  private final KubernetesClient client;

  MockApiServer() {
    server =
        new KubernetesMockServer(
            new Context(),
            new MockWebServer(),
            new HashMap<>(),
            new KubernetesCrudDispatcher(),
            false);
    server.init();
    client = server.createClient();
  }

  @Override
  public KubernetesClient client() {
    return client;
  }

  @Override
  public String title() {
    return "mock API server in this process";
  }

  @Override
  public boolean takesLoopback() {
    return true;
  }

  @Override
  public void close() {
    client.close();
    server.destroy();
  }
}
