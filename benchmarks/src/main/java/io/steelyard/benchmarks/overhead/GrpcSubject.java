package io.steelyard.benchmarks.overhead;

import io.grpc.CallOptions;
import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.InsecureServerCredentials;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.steelyard.Discovery;
import io.steelyard.Endpoint;
import io.steelyard.Topology;
import io.steelyard.grpc.Services;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * gRPC channels, with gRPC's own {@code round_robin} and with our load balancer. Both have their
 * addresses from our name resolver, which no call passes.
 */
final class GrpcSubject implements Subject {
  private static final byte[] MESSAGE = {'O', 'K'};

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static final MethodDescriptor<byte[], byte[]> ECHO =
      MethodDescriptor.newBuilder(BYTES, BYTES)
          .setFullMethodName("tiny/echo")
          .setType(MethodDescriptor.MethodType.UNARY)
          .build();

  private final List<Server> servers = new ArrayList<>();
  private final Services services;

  GrpcSubject(int endpoints) throws IOException {
    Endpoint[] all = new Endpoint[endpoints];
    for (int i = 0; i < endpoints; i++) {
      Server server =
          NettyServerBuilder.forAddress(
                  new InetSocketAddress("127.0.0.1", 0), InsecureServerCredentials.create())
              .directExecutor()
              .addService(
                  ServerServiceDefinition.builder("tiny")
                      .addMethod(
                          ECHO,
                          ServerCalls.asyncUnaryCall(
                              (request, answer) -> {
                                answer.onNext(request);
                                answer.onCompleted();
                              }))
                      .build())
              .build()
              .start();
      servers.add(server);
      all[i] = Endpoint.of("127.0.0.1", server.getPort());
    }
    Topology topology = Topology.of(all);
    Discovery fixed =
        listener -> {
          listener.update(topology);
          return () -> {};
        };
    services = Services.of("cart", fixed);
  }

  @Override
  public Sender bare() {
    return sender("round_robin");
  }

  @Override
  public Sender balanced() {
    return sender(Services.POLICY_NAME);
  }

  private Sender sender(String policy) {
    ManagedChannel channel =
        services
            .configure(
                Grpc.newChannelBuilder("steelyard:///cart", InsecureChannelCredentials.create()))
            .defaultLoadBalancingPolicy(policy)
            .build();
    return new Sender() {
      @Override
      public void send() {
        byte[] unused = ClientCalls.blockingUnaryCall(channel, ECHO, CallOptions.DEFAULT, MESSAGE);
      }

      @Override
      public void close() throws InterruptedException {
        channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
      }
    };
  }

  @Override
  public void close() {
    servers.forEach(Server::shutdownNow);
  }
}
