package io.steelyard.grpc;

import io.grpc.EquivalentAddressGroup;
import io.grpc.NameResolver;
import io.grpc.NameResolverProvider;
import io.grpc.Status;
import io.grpc.StatusOr;
import java.net.InetSocketAddress;
import java.net.URI;
import java.util.List;
import java.util.Map;

/** A name resolver of somebody else, which gives a service config too. */
final class ConfiguredResolver extends NameResolver {
  static final String SCHEME = "configured";

  private final Provider provider;
  private final Args args;
  private Listener2 listener;

  private ConfiguredResolver(Provider provider, Args args) {
    this.provider = provider;
    this.args = args;
  }

  @Override
  public String getServiceAuthority() {
    return "x";
  }

  @Override
  public void start(Listener2 listener) {
    this.listener = listener;
    publish();
  }

  private void publish() {
    Map<String, ?> config =
        Map.of("loadBalancingConfig", List.of(Map.of("steelyard", provider.config)));
    args.getSynchronizationContext()
        .execute(
            () ->
                listener.onResult2(
                    ResolutionResult.newBuilder()
                        .setAddressesOrError(
                            StatusOr.fromValue(
                                provider.addresses.stream()
                                    .map(EquivalentAddressGroup::new)
                                    .toList()))
                        .setServiceConfig(args.getServiceConfigParser().parseServiceConfig(config))
                        .build()));
  }

  @Override
  public void shutdown() {}

  static final class Provider extends NameResolverProvider {
    private final List<InetSocketAddress> addresses;
    volatile Map<String, ?> config = Map.of();
    private volatile ConfiguredResolver made;

    Provider(List<InetSocketAddress> addresses) {
      this.addresses = addresses;
    }

    void publish() {
      made.publish();
    }

    void fail(Status status) {
      ConfiguredResolver resolver = made;
      resolver.args.getSynchronizationContext().execute(() -> resolver.listener.onError(status));
    }

    @Override
    public NameResolver newNameResolver(URI target, NameResolver.Args args) {
      if (!SCHEME.equals(target.getScheme())) {
        return null;
      }
      made = new ConfiguredResolver(this, args);
      return made;
    }

    @Override
    public String getDefaultScheme() {
      return SCHEME;
    }

    @Override
    protected boolean isAvailable() {
      return true;
    }

    @Override
    protected int priority() {
      return 1;
    }
  }
}
