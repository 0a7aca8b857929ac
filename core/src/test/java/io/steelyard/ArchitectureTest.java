package io.steelyard;

import static com.tngtech.archunit.base.DescribedPredicate.not;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.belongToAnyOf;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAnyPackage;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import io.steelyard.internal.DefaultBalancer;
import org.assertj.core.api.Assertions;

/** The arrows between packages: everything points at the root, and one class looks inside. */
@AnalyzeClasses(packages = "io.steelyard", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
  private static final String ROOT = "io.steelyard";
  private static final String INTERNAL = "io.steelyard.internal..";

  @ArchTest
  static void the_classes_are_seen(JavaClasses classes) {
    // Rules over no classes hold.
    Assertions.assertThat(classes.contain(DefaultBalancer.class)).isTrue();
    Assertions.assertThat(classes.contain(BalancerBuilder.class)).isTrue();
  }

  @ArchTest
  static final ArchRule strategies_depend_on_the_root_alone =
      onlyTheRoot("strategy", "com.github.benmanes.caffeine.."); // the table of sessions

  @ArchTest static final ArchRule stages_depend_on_the_root_alone = onlyTheRoot("stage");

  @ArchTest static final ArchRule discoveries_depend_on_the_root_alone = onlyTheRoot("discovery");

  @ArchTest static final ArchRule retries_depend_on_the_root_alone = onlyTheRoot("retry");

  @ArchTest
  static final ArchRule what_adapters_share_depends_on_the_root_and_retries =
      onlyTheRoot("adapter", "io.steelyard.retry..");

  @ArchTest
  static final ArchRule only_the_builder_knows_the_inside =
      noClasses()
          .that(not(resideInAPackage(INTERNAL)))
          .and(not(belongToAnyOf(BalancerBuilder.class)))
          .should()
          .dependOnClassesThat()
          .resideInAPackage(INTERNAL);

  @ArchTest
  static final ArchRule in_the_root_only_the_builder_knows_the_default_policy =
      noClasses()
          .that()
          .resideInAPackage(ROOT)
          .and(not(belongToAnyOf(BalancerBuilder.class)))
          .should()
          .dependOnClassesThat(
              resideInAnyPackage(
                  "io.steelyard.strategy..",
                  "io.steelyard.stage..",
                  "io.steelyard.discovery..",
                  "io.steelyard.retry..",
                  "io.steelyard.adapter.."));

  @ArchTest
  static final ArchRule the_inside_knows_no_strategy_stage_or_discovery =
      noClasses()
          .that()
          .resideInAPackage(INTERNAL)
          .should()
          .dependOnClassesThat()
          .resideInAnyPackage(
              "io.steelyard.strategy..", "io.steelyard.stage..", "io.steelyard.discovery..");

  @ArchTest
  static final ArchRule the_inside_knows_no_builder =
      noClasses()
          .that()
          .resideInAPackage(INTERNAL)
          .should()
          .dependOnClassesThat()
          .belongToAnyOf(BalancerBuilder.class);

  private static ArchRule onlyTheRoot(String name, String... besides) {
    String own = ROOT + "." + name + "..";
    return classes()
        .that()
        .resideInAPackage(own)
        .should()
        .onlyDependOnClassesThat(
            resideInAnyPackage(ROOT, own, "java..", "javax..", "org.jspecify..", "org.slf4j..")
                .or(resideInAnyPackage(besides))
                .as("are of the root, their own package or the JDK"));
  }
}
