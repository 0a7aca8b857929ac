package io.steelyard.examples.demo;

import io.fabric8.kubernetes.client.KubernetesClient;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** A Kubernetes API server of the demo's own. */
interface ApiServer extends AutoCloseable {
  /** A client with every right, open until this is closed. */
  KubernetesClient client();

  /** What it is, for people. */
  String title();

  /** Whether EndpointSlices may hold loopback addresses; real clusters refuse them. */
  boolean takesLoopback();

  /** A file with which kubectl can talk to it; null if kubectl cannot. */
  default @Nullable Path kubeconfig() {
    return null;
  }

  @Override
  void close();
}
