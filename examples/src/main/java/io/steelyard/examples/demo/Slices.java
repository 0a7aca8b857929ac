package io.steelyard.examples.demo;

import io.fabric8.kubernetes.api.model.discovery.v1.Endpoint;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSlice;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceBuilder;
import io.fabric8.kubernetes.api.model.discovery.v1.EndpointSliceList;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.dsl.NonDeletingOperation;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The EndpointSlice controller of one service. Weight is a label of the slice and the port number
 * belongs to the slice as well, so there is a slice for each weight and port in use.
 */
final class Slices {
  private static final String WEIGHT = "steelyard.io/weight";

  /** One line of a slice. */
  record Entry(
      String pod,
      String uid,
      String address,
      int port,
      int weight,
      String node,
      boolean ready,
      boolean serving,
      boolean terminating) {}

  /** What the lines of one slice have in common. */
  private record Key(int weight, int port) {}

  /** The slice of a service that never had a pod. */
  private static final Key EMPTY = new Key(1, 0);

  private final KubernetesClient client;
  private final String namespace;
  private final String service;
  private final String portName;
  private final Map<Key, List<Entry>> published = new HashMap<>();

  Slices(KubernetesClient client, String namespace, String service, String portName) {
    this.client = client;
    this.namespace = namespace;
    this.service = service;
    this.portName = portName;
  }

  /**
   * Writes the slices that differ from what was written last. Those that gain an endpoint come
   * first: one that moves is in both for a moment and never in none. A slice stays when it has
   * become empty.
   */
  void publish(List<Entry> entries) {
    Map<Key, List<Entry>> wanted =
        new TreeMap<>(Comparator.comparingInt(Key::weight).thenComparingInt(Key::port));
    published.keySet().forEach(key -> wanted.put(key, new ArrayList<>()));
    for (Entry entry : entries) {
      wanted
          .computeIfAbsent(new Key(entry.weight(), entry.port()), key -> new ArrayList<>())
          .add(entry);
    }
    if (wanted.isEmpty()) {
      wanted.put(EMPTY, new ArrayList<>());
    }
    List<Map.Entry<Key, List<Entry>>> inOrder =
        wanted.entrySet().stream()
            .sorted(Comparator.comparing(slice -> !gains(slice.getKey(), slice.getValue())))
            .toList();
    for (Map.Entry<Key, List<Entry>> slice : inOrder) {
      write(slice.getKey(), slice.getValue());
    }
  }

  private void write(Key key, List<Entry> entries) {
    if (entries.isEmpty() && published.size() > 1) {
      slices().withName(name(key)).delete();
      published.remove(key);
    } else if (!entries.equals(published.get(key))) {
      slices().resource(slice(key, entries)).createOr(NonDeletingOperation::update);
      published.put(key, entries);
    }
  }

  private NonNamespaceOperation<EndpointSlice, EndpointSliceList, Resource<EndpointSlice>>
      slices() {
    return client.discovery().v1().endpointSlices().inNamespace(namespace);
  }

  private String name(Key key) {
    return service + "-weight-" + key.weight() + (key.port() == 0 ? "" : "-" + key.port());
  }

  private boolean gains(Key key, List<Entry> now) {
    List<String> before = published.getOrDefault(key, List.of()).stream().map(Entry::uid).toList();
    return !new HashSet<>(before).containsAll(now.stream().map(Entry::uid).toList());
  }

  private EndpointSlice slice(Key key, List<Entry> entries) {
    List<Endpoint> endpoints = entries.stream().map(Slices::endpoint).toList();
    EndpointSliceBuilder slice =
        new EndpointSliceBuilder()
            .withNewMetadata()
            .withName(name(key))
            .addToLabels("kubernetes.io/service-name", service)
            .addToLabels("endpointslice.kubernetes.io/managed-by", "demo.steelyard.io")
            .addToLabels(WEIGHT, Integer.toString(key.weight()))
            .addToAnnotations(
                "endpoints.kubernetes.io/last-change-trigger-time", Instant.now().toString())
            .endMetadata()
            .withAddressType("IPv4")
            .withEndpoints(endpoints);
    if (key.port() != 0) {
      slice.addNewPort().withName(portName).withPort(key.port()).withProtocol("TCP").endPort();
    }
    return slice.build();
  }

  private static Endpoint endpoint(Entry entry) {
    return new EndpointBuilder()
        .withAddresses(entry.address())
        .withNewConditions()
        .withReady(entry.ready())
        .withServing(entry.serving())
        .withTerminating(entry.terminating())
        .endConditions()
        .withNodeName(entry.node())
        .withNewTargetRef()
        .withKind("Pod")
        .withName(entry.pod())
        .withUid(entry.uid())
        .endTargetRef()
        .build();
  }
}
