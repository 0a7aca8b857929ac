package io.steelyard.examples.demo;

import io.fabric8.kubernetes.client.KubernetesClient;

/** A Kubernetes API server of the demo's own. */
interface ApiServer extends AutoCloseable {
  /** A client with every right, open until this is closed. */
  KubernetesClient client();

  /** What it is, for people. */
  String title();

  /** Whether EndpointSlices may hold loopback addresses; real clusters refuse them. */
  boolean takesLoopback();

  @Override
  void close();
}
