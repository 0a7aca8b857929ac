package io.steelyard.kubernetes.internal;

import static io.steelyard.kubernetes.testing.SliceFixtures.pod;
import static io.steelyard.kubernetes.testing.SliceFixtures.slice;
import static org.assertj.core.api.Assertions.assertThat;

import io.fabric8.kubernetes.client.KubernetesClient;
import io.steelyard.kubernetes.testing.LocalApiServer;
import io.steelyard.kubernetes.testing.RealApiServer;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;

/** What the client makes of a real API server's refusals. */
@Timeout(300)
class SliceSourceTest {
  @RegisterExtension static final RealApiServer api = new RealApiServer();

  private SliceSource source(String namespace, String token) {
    api.server().namespace(namespace);
    ClientHolder client = ClientHolder.given(api.server().client(token));
    return new SliceSource(client, namespace, "cart", "steelyard.io/weight");
  }

  /** How a watch from this version ends, by exception or by event. */
  private static Failure failure(SliceSource source, String version) throws Exception {
    CompletableFuture<Failure> end = new CompletableFuture<>();
    Source.Events<Slice> events =
        new Source.Events<>() {
          @Override
          public void put(String key, Slice value, @Nullable String at) {}

          @Override
          public void remove(String key, @Nullable String at) {}

          @Override
          public void bookmark(@Nullable String at) {}

          @Override
          public void ended(@Nullable Throwable cause) {
            if (cause != null) {
              end.complete(Failure.of(cause));
            }
          }
        };
    try {
      source.watch(version, events);
    } catch (Exception e) {
      end.complete(Failure.of(e));
    }
    return end.get(75, TimeUnit.SECONDS);
  }

  @Test
  void a_version_that_was_compacted_away_is_gone() throws Exception {
    LocalApiServer server = api.server();
    SliceSource source = source("compacted", LocalApiServer.ADMIN);
    KubernetesClient admin = server.admin();
    String version = source.list().version();
    for (int i = 0; i < 3; i++) {
      admin
          .discovery()
          .v1()
          .endpointSlices()
          .inNamespace("compacted")
          .resource(slice("compacted", "cart", "cart-" + i, 8080, pod("p" + i, "10.0.0." + i)))
          .create();
    }
    server.killApiServer();
    server.compact();
    server.startApiServer();
    assertThat(source.list().items()).hasSize(3);
    assertThat(failure(source, version).kind()).isEqualTo(Failure.Kind.GONE);
  }

  @Test
  void a_watch_without_rights_is_unauthorized() throws Exception {
    SliceSource source = source("forbidden", LocalApiServer.VIEWER);
    assertThat(failure(source, "1").kind()).isEqualTo(Failure.Kind.UNAUTHORIZED);
  }

  @Test
  void a_token_nobody_knows_is_unauthorized() throws Exception {
    SliceSource source = source("unknown", "no-such-token");
    Failure listing = null;
    try {
      source.list();
    } catch (Exception e) {
      listing = Failure.of(e);
    }
    assertThat(listing.kind()).isEqualTo(Failure.Kind.UNAUTHORIZED);
    assertThat(listing.text()).startsWith("HTTP 401");
  }
}
