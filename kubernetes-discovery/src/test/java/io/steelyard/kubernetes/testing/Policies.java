package io.steelyard.kubernetes.testing;

import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.GenericKubernetesResourceList;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinition;
import io.fabric8.kubernetes.api.model.apiextensions.v1.CustomResourceDefinitionBuilder;
import io.fabric8.kubernetes.client.KubernetesClient;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.dsl.MixedOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.utils.Serialization;
import java.io.InputStream;
import java.time.Duration;
import java.util.Objects;

/** The definition of policies, and policies, on an API server. */
public final class Policies {
  private static final String NAME = "loadbalancingpolicies.steelyard.io";
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ResourceDefinitionContext CONTEXT =
      new ResourceDefinitionContext.Builder()
          .withGroup("steelyard.io")
          .withVersion("v1alpha1")
          .withKind("LoadBalancingPolicy")
          .withPlural("loadbalancingpolicies")
          .withNamespaced(true)
          .build();

  private final KubernetesClient admin;
  private final String namespace;

  public Policies(KubernetesClient admin, String namespace) {
    this.admin = admin;
    this.namespace = namespace;
  }

  /** The definition as it is shipped. */
  public static CustomResourceDefinition definition() {
    InputStream in =
        Policies.class.getResourceAsStream("/io/steelyard/kubernetes/loadbalancingpolicies.yaml");
    return Serialization.unmarshal(Objects.requireNonNull(in), CustomResourceDefinition.class);
  }

  /** The definition without anything that is checked. */
  public static CustomResourceDefinition unchecked() {
    CustomResourceDefinitionBuilder builder = new CustomResourceDefinitionBuilder(definition());
    return builder
        .editSpec()
        .editFirstVersion()
        .withNewSchema()
        .withNewOpenAPIV3Schema()
        .withType("object")
        .withXKubernetesPreserveUnknownFields(true)
        .endOpenAPIV3Schema()
        .endSchema()
        .endVersion()
        .endSpec()
        .build();
  }

  /** Installs this definition, and waits until policies can be read and written by it. */
  public void install(CustomResourceDefinition definition) {
    var resource = admin.apiextensions().v1().customResourceDefinitions().resource(definition);
    if (admin.apiextensions().v1().customResourceDefinitions().withName(NAME).get() == null) {
      resource.create();
    } else {
      resource.update();
    }
    await().atMost(PATIENCE).ignoreExceptions().until(() -> resources().list() != null);
    // A schema that replaces another is in force a moment later.
    boolean checks =
        definition
                .getSpec()
                .getVersions()
                .get(0)
                .getSchema()
                .getOpenAPIV3Schema()
                .getXKubernetesPreserveUnknownFields()
            == null;
    await().atMost(PATIENCE).until(() -> refusesNonsense() == checks);
  }

  private boolean refusesNonsense() {
    try {
      resources().resource(policy("nonsense", "{service: cart}")).dryRun().create();
      return false;
    } catch (KubernetesClientException e) {
      return e.getCode() == 422;
    }
  }

  public void uninstall() {
    admin.apiextensions().v1().customResourceDefinitions().withName(NAME).delete();
    await()
        .atMost(PATIENCE)
        .until(
            () -> {
              try {
                resources().list();
                return false;
              } catch (KubernetesClientException e) {
                return e.getCode() == 404;
              }
            });
  }

  private io.fabric8.kubernetes.client.dsl.NonNamespaceOperation<
          GenericKubernetesResource,
          GenericKubernetesResourceList,
          Resource<GenericKubernetesResource>>
      resources() {
    MixedOperation<
            GenericKubernetesResource,
            GenericKubernetesResourceList,
            Resource<GenericKubernetesResource>>
        all = admin.genericKubernetesResources(CONTEXT);
    return all.inNamespace(namespace);
  }

  private GenericKubernetesResource policy(String name, String spec) {
    return Serialization.unmarshal(
        """
        apiVersion: steelyard.io/v1alpha1
        kind: LoadBalancingPolicy
        metadata: {namespace: %s, name: %s}
        spec: %s
        """
            .formatted(namespace, name, spec),
        GenericKubernetesResource.class);
  }

  public GenericKubernetesResource create(String name, String spec) {
    return resources().resource(policy(name, spec)).create();
  }

  public GenericKubernetesResource edit(String name, String spec) {
    return resources().resource(policy(name, spec)).update();
  }

  public GenericKubernetesResource get(String name) {
    return resources().withName(name).get();
  }

  public void delete(String name) {
    resources().withName(name).delete();
    await().atMost(PATIENCE).until(() -> get(name) == null);
  }

  public void deleteAll() {
    resources().delete();
  }
}
