package io.steelyard.grpc;

import io.grpc.Attributes;
import io.grpc.InsecureServerCredentials;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.Marshaller;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.ServerTransportFilter;
import io.grpc.Status;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import io.steelyard.Endpoint;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/** A gRPC server that answers with its own name, and does as it is told. */
final class Pod implements AutoCloseable {
  private static final Marshaller<String> TEXT =
      new Marshaller<>() {
        @Override
        public InputStream stream(String value) {
          return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
        }

        @Override
        public String parse(InputStream stream) {
          try {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  /** Answers at once with the pod's name; a request that is a status code is answered with that. */
  static final MethodDescriptor<String, String> WHO =
      method("who", MethodDescriptor.MethodType.UNARY);

  /** Answers each message with the pod's name, until the caller has no more. */
  static final MethodDescriptor<String, String> CHAT =
      method("chat", MethodDescriptor.MethodType.BIDI_STREAMING);

  /** Never answers. */
  static final String HANG = "hang";

  final AtomicInteger calls = new AtomicInteger();
  final AtomicInteger connections = new AtomicInteger();
  final AtomicInteger connectionsEver = new AtomicInteger();
  final CompletableFuture<Void> hanging = new CompletableFuture<>();
  volatile boolean hangs;
  private final String name;
  private final Server server;
  private final int port;

  Pod(String name) throws IOException {
    this(name, "127.0.0.1", 0, InsecureServerCredentials.create());
  }

  Pod(String name, String host, int port, ServerCredentials credentials) throws IOException {
    this.name = name;
    this.server =
        NettyServerBuilder.forAddress(new InetSocketAddress(host, port), credentials)
            .addService(
                ServerServiceDefinition.builder("pod")
                    .addMethod(WHO, ServerCalls.asyncUnaryCall(this::who))
                    .addMethod(CHAT, ServerCalls.asyncBidiStreamingCall(this::chat))
                    .build())
            .addTransportFilter(
                new ServerTransportFilter() {
                  @Override
                  public Attributes transportReady(Attributes attributes) {
                    connections.incrementAndGet();
                    connectionsEver.incrementAndGet();
                    return attributes;
                  }

                  @Override
                  public void transportTerminated(Attributes attributes) {
                    connections.decrementAndGet();
                  }
                })
            .build()
            .start();
    this.port = server.getPort();
  }

  private static MethodDescriptor<String, String> method(
      String name, MethodDescriptor.MethodType type) {
    return MethodDescriptor.<String, String>newBuilder(TEXT, TEXT)
        .setFullMethodName("pod/" + name)
        .setType(type)
        .setIdempotent(true)
        .build();
  }

  private void who(String request, StreamObserver<String> answer) {
    calls.incrementAndGet();
    if (hangs || request.equals(HANG)) {
      hanging.complete(null);
      return;
    }
    if (request.isEmpty()) {
      answer.onNext(name);
      answer.onCompleted();
    } else {
      answer.onError(Status.fromCode(Status.Code.valueOf(request)).asException());
    }
  }

  private StreamObserver<String> chat(StreamObserver<String> answers) {
    calls.incrementAndGet();
    return new StreamObserver<>() {
      @Override
      public void onNext(String message) {
        answers.onNext(name);
      }

      @Override
      public void onError(Throwable error) {}

      @Override
      public void onCompleted() {
        answers.onCompleted();
      }
    };
  }

  int port() {
    return port;
  }

  Endpoint endpoint() {
    return Endpoint.builder(name).host("127.0.0.1").port(port()).build();
  }

  /** Lets calls end, and refuses new ones. */
  void drain() throws InterruptedException {
    server.shutdown();
    server.awaitTermination(10, TimeUnit.SECONDS);
  }

  @Override
  public void close() {
    server.shutdownNow();
    try {
      server.awaitTermination(10, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
