package io.steelyard.grpc;

import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.steelyard.Discovery;
import java.net.InetSocketAddress;
import java.net.SocketAddress;
import java.net.URI;
import java.util.Collection;
import java.util.Set;
import java.util.concurrent.Executor;
import org.jspecify.annotations.Nullable;

/**
 * Resolves {@code steelyard:///<service>} by the discovery that {@link Services#configure} gave the
 * channel. gRPC finds it by itself.
 */
public final class SteelyardNameResolverProvider extends NameResolverProvider {
  /** For gRPC's service loader. */
  public SteelyardNameResolverProvider() {}

  /**
   * @throws IllegalArgumentException if the channel has no such service; the message names those it
   *     has
   */
  @Override
  public @Nullable NameResolver newNameResolver(URI target, NameResolver.Args args) {
    if (!Services.SCHEME.equals(target.getScheme())) {
      return null;
    }
    Services services = args.getArg(Services.KEY);
    if (services == null) {
      throw new IllegalArgumentException(
          target + ": no services (expected: a channel builder passed to Services.configure)");
    }
    String path = target.isOpaque() ? target.getSchemeSpecificPart() : target.getPath();
    String name = path == null ? "" : path.startsWith("/") ? path.substring(1) : path;
    if (name.isEmpty()) {
      throw new IllegalArgumentException(
          target
              + ": no service (expected: "
              + Services.SCHEME
              + ":///<service>, with one of "
              + services.names()
              + ")");
    }
    Discovery discovery = services.discovery(name);
    if (discovery == null) {
      throw new IllegalArgumentException(
          target
              + ": unknown service \""
              + name
              + "\" (expected: one of "
              + services.names()
              + ")");
    }
    Executor offload = args.getOffloadExecutor();
    return new DiscoveryResolver(
        name,
        discovery,
        args.getSynchronizationContext(),
        offload == null ? Runnable::run : offload);
  }

  @Override
  public String getDefaultScheme() {
    return Services.SCHEME;
  }

  @Override
  protected boolean isAvailable() {
    return true;
  }

  /** Below gRPC's own, so that targets without a scheme still go to {@code dns}. */
  @Override
  protected int priority() {
    return 1;
  }

  @Override
  public Collection<Class<? extends SocketAddress>> getProducedSocketAddressTypes() {
    return Set.of(InetSocketAddress.class);
  }
}
