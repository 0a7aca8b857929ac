package io.steelyard.spring;

import static org.assertj.core.api.Assertions.assertThat;

import io.steelyard.Balancer;
import java.io.File;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.aot.generate.ClassNameGenerator;
import org.springframework.aot.generate.DefaultGenerationContext;
import org.springframework.aot.generate.FileSystemGeneratedFiles;
import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.http.client.autoconfigure.HttpClientAutoConfiguration;
import org.springframework.boot.restclient.autoconfigure.RestClientAutoConfiguration;
import org.springframework.boot.test.util.TestPropertyValues;
import org.springframework.context.ApplicationContextInitializer;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.aot.ApplicationContextAotGenerator;
import org.springframework.context.support.GenericApplicationContext;
import org.springframework.javapoet.ClassName;
import org.springframework.web.client.RestClient;

/** A context that was generated ahead of time, as for a native image, has the same beans. */
class AheadOfTimeTest {
  private static final TestPropertyValues PROPERTIES =
      TestPropertyValues.of("steelyard.services.cart.endpoints=10.0.0.7:8080");

  @Configuration(proxyBeanMethods = false)
  @ImportAutoConfiguration({
    HttpClientAutoConfiguration.class,
    RestClientAutoConfiguration.class,
    SteelyardAutoConfiguration.class,
    SteelyardRestClientAutoConfiguration.class
  })
  static class Shop {
    @Autowired
    @Qualifier("cart")
    Balancer cart;

    @Autowired @Balanced RestClient.Builder builder;
  }

  @Test
  void a_context_generated_ahead_of_time_has_the_same_beans(@TempDir Path folder) throws Exception {
    String initializer = generate(folder);
    Path classes = compile(folder);
    // Generated classes see package-private ones, so they and all others need one class loader.
    List<URL> path = new ArrayList<>();
    path.add(classes.toUri().toURL());
    path.add(folder.resolve("resources").toUri().toURL());
    for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
      path.add(Path.of(entry).toUri().toURL());
    }
    Thread thread = Thread.currentThread();
    ClassLoader before = thread.getContextClassLoader();
    try (URLClassLoader loader =
        new URLClassLoader(path.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
      thread.setContextClassLoader(loader);
      Object host =
          loader
              .loadClass(Generated.class.getName())
              .getMethod("hostOfCart", String.class)
              .invoke(null, initializer);
      assertThat(host).isEqualTo("10.0.0.7");
    } finally {
      thread.setContextClassLoader(before);
    }
  }

  /** Runs in the class loader that has the generated classes. */
  public static final class Generated {
    public static String hostOfCart(String initializer) throws Exception {
      try (GenericApplicationContext context = new GenericApplicationContext()) {
        PROPERTIES.applyTo(context);
        @SuppressWarnings("unchecked")
        ApplicationContextInitializer<GenericApplicationContext> generated =
            (ApplicationContextInitializer<GenericApplicationContext>)
                Class.forName(initializer, true, Thread.currentThread().getContextClassLoader())
                    .getDeclaredConstructor()
                    .newInstance();
        generated.initialize(context);
        context.refresh();
        Shop shop = context.getBean(Shop.class);
        shop.builder.build();
        return shop.cart.candidates().endpoint(0).host();
      }
    }
  }

  private static String generate(Path folder) {
    try (AnnotationConfigApplicationContext context = new AnnotationConfigApplicationContext()) {
      PROPERTIES.applyTo(context);
      context.register(Shop.class);
      DefaultGenerationContext generation =
          new DefaultGenerationContext(
              new ClassNameGenerator(ClassName.get(Shop.class)),
              new FileSystemGeneratedFiles(folder));
      ClassName initializer =
          new ApplicationContextAotGenerator().processAheadOfTime(context, generation);
      generation.writeGeneratedContent();
      return initializer.reflectionName();
    }
  }

  private static Path compile(Path folder) throws Exception {
    Path classes = Files.createDirectories(folder.resolve("classes"));
    List<String> arguments = new ArrayList<>(List.of("-d", classes.toString(), "-nowarn"));
    arguments.addAll(List.of("-proc:none", "-cp", System.getProperty("java.class.path")));
    try (Stream<Path> sources = Files.walk(folder.resolve("sources"))) {
      sources.filter(f -> f.toString().endsWith(".java")).forEach(f -> arguments.add("" + f));
    }
    JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
    assertThat(compiler.run(null, null, null, arguments.toArray(new String[0]))).isZero();
    return classes;
  }
}
