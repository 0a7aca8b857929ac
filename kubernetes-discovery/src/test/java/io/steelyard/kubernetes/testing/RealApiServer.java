package io.steelyard.kubernetes.testing;

import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Gives tests a real API server, one for the whole run. Without {@code KUBEBUILDER_ASSETS} the
 * tests of the class are skipped and say so.
 *
 * <pre>{@code
 * @RegisterExtension static final RealApiServer api = new RealApiServer();
 * }</pre>
 */
public final class RealApiServer implements BeforeAllCallback {
  private static final ExtensionContext.Namespace STORE =
      ExtensionContext.Namespace.create(RealApiServer.class);

  private LocalApiServer server;

  @Override
  public void beforeAll(ExtensionContext context) {
    Optional<Path> assets = LocalApiServer.assets();
    Assumptions.assumeTrue(
        assets.isPresent(),
        "skipped: KUBEBUILDER_ASSETS names no folder with etcd and kube-apiserver");
    server =
        context
            .getRoot()
            .getStore(STORE)
            .computeIfAbsent(
                "server", key -> LocalApiServer.start(assets.get()), LocalApiServer.class);
  }

  /** The running server. */
  public LocalApiServer server() {
    return server;
  }
}
