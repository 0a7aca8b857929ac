package io.steelyard.kubernetes.internal.policy;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.Watcher;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.PatchContext;
import io.fabric8.kubernetes.client.dsl.base.PatchType;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.steelyard.kubernetes.internal.ApiList;
import io.steelyard.kubernetes.internal.ClientHolder;
import io.steelyard.kubernetes.internal.ObjectWatcher;
import io.steelyard.kubernetes.internal.Source;

/**
 * The policies of one namespace, over the fabric8 client. They are read as plain trees: a typed
 * model would refuse a resource it cannot read before anybody could say what is wrong with it, and
 * one bad resource would end the watch of all.
 */
final class PolicyObjects implements Source<Policy> {
  static final String RESOURCE = "loadbalancingpolicies.steelyard.io";

  private static final ResourceDefinitionContext CONTEXT =
      new ResourceDefinitionContext.Builder()
          .withGroup("steelyard.io")
          .withVersion("v1alpha1")
          .withKind("LoadBalancingPolicy")
          .withPlural("loadbalancingpolicies")
          .withNamespaced(true)
          .build();

  private final ClientHolder client;
  private final String namespace;
  private final boolean podsReadable;

  PolicyObjects(ClientHolder client, String namespace, boolean podsReadable) {
    this.client = client;
    this.namespace = namespace;
    this.podsReadable = podsReadable;
  }

  @Override
  public Listing<Policy> list() throws Exception {
    try {
      Listing<Policy> listing =
          ApiList.get(client.get(), path(), null, GenericKubernetesResource.class, this::read);
      client.answered();
      return listing;
    } catch (KubernetesClientException e) {
      if (e.getCode() == 404) {
        KubernetesClientException missing =
            new KubernetesClientException(
                "no such resource (expected: the CustomResourceDefinition of that name)",
                404,
                null);
        missing.addSuppressed(e);
        throw missing;
      }
      throw e;
    }
  }

  @Override
  public AutoCloseable watch(String version, Events<Policy> events) throws Exception {
    Watcher<GenericKubernetesResource> watcher = new ObjectWatcher<>(this::read, events);
    return policies(client.get()).watch(ObjectWatcher.from(version), watcher);
  }

  private Policy read(GenericKubernetesResource resource) {
    return Policy.of(resource, podsReadable);
  }

  /** Merges this into the status of a policy. Blocks. */
  void patchStatus(String name, String json) throws InterruptedException {
    GenericKubernetesResource known = new GenericKubernetesResource(); // else it is read first
    known.setApiVersion("steelyard.io/v1alpha1");
    known.setKind("LoadBalancingPolicy");
    known.setMetadata(new ObjectMetaBuilder().withNamespace(namespace).withName(name).build());
    policies(client.get())
        .resource(known)
        .subresource("status")
        .patch(PatchContext.of(PatchType.JSON_MERGE), json);
  }

  private NonNamespaceOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      policies(KubernetesClient client) {
    return client.genericKubernetesResources(CONTEXT).inNamespace(namespace);
  }

  @Override
  public void renew() {
    client.renew();
  }

  @Override
  public void requireWatchable(String version) throws Exception {
    ApiList.requireWatchable(client.get(), path(), null, version);
  }

  private String path() {
    return "apis/steelyard.io/v1alpha1/namespaces/" + namespace + "/loadbalancingpolicies";
  }

  @Override
  public boolean isClosed() {
    return client.isClosed();
  }
}
