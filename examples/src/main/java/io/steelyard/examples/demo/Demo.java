package io.steelyard.examples.demo;

import java.util.logging.Level;
import java.util.logging.Logger;

/** The demo's entrance; {@code examples/demo --help} says what it can do. */
public final class Demo {
  private Demo() {}

  /** Runs until it is interrupted, or to the end of the script. */
  public static void main(String... args) {
    // Without it, each kept-alive response of the JDK's server costs about 40 ms.
    System.setProperty("sun.net.httpserver.nodelay", "true");
    Options options;
    try {
      options = Options.parse(args);
    } catch (Options.UsageException e) {
      System.err.println("demo: " + e.getMessage());
      System.err.println("examples/demo --help lists the options.");
      System.exit(2);
      return;
    }
    if (options.help()) {
      System.out.print(Options.USAGE);
      return;
    }
    quieten(options.verbose());
    System.exit(run(options));
  }

  private static int run(Options options) {
    try {
      if (options.headless()) {
        return Headless.run(options) ? 0 : 1;
      }
      Show.run(options);
      return 0;
    } catch (InterruptedException e) {
      return 130;
    } catch (Exception e) {
      System.err.println("demo: " + e.getMessage());
      if (options.verbose()) {
        e.printStackTrace();
      }
      return 1;
    }
  }

  /**
   * Keeps the logs of the mock server, and of the library unless they are wanted, to themselves.
   */
  private static void quieten(boolean verbose) {
    ROOT.setLevel(Level.WARNING);
    if (System.getProperty("org.slf4j.simpleLogger.defaultLogLevel") == null) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", verbose ? "info" : "error");
    }
  }

  /** Held, because the level of a logger that is collected is forgotten. */
  private static final Logger ROOT = Logger.getLogger("");
}
