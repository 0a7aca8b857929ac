package io.steelyard.contract;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.util.concurrent.ConcurrentHashMap;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

/** A certificate made out to a name alone, by the JDK's keytool, and who trusts it. */
public final class Certificates {
  private static final ConcurrentHashMap<String, Certificates> MADE = new ConcurrentHashMap<>();
  private static final char[] PASSWORD = "changeit".toCharArray();

  private final SSLContext server;
  private final SSLContext client;
  private final X509TrustManager trust;

  /** One for this name: the same every time. */
  public static Certificates of(String name) {
    return MADE.computeIfAbsent(name, Certificates::new);
  }

  private Certificates(String name) {
    try {
      Path directory = Files.createTempDirectory("certificate");
      Path store = directory.resolve("store.p12");
      try {
        make(name, store);
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
          keys.load(in, PASSWORD);
        }
        KeyManagerFactory own =
            KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
        own.init(keys, PASSWORD);
        KeyStore anchors = KeyStore.getInstance("PKCS12");
        anchors.load(null, null);
        anchors.setCertificateEntry("it", keys.getCertificate("it"));
        TrustManagerFactory trusting =
            TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
        trusting.init(anchors);
        TrustManager[] managers = trusting.getTrustManagers();
        trust = (X509TrustManager) managers[0];
        server = SSLContext.getInstance("TLS");
        server.init(own.getKeyManagers(), null, null);
        client = SSLContext.getInstance("TLS");
        client.init(null, managers, null);
      } finally {
        Files.deleteIfExists(store);
        Files.deleteIfExists(directory);
      }
    } catch (IOException | GeneralSecurityException | InterruptedException e) {
      throw new IllegalStateException("no certificate for " + name, e);
    }
  }

  private static void make(String name, Path store) throws IOException, InterruptedException {
    Process keytool =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "keytool").toString(),
                "-genkeypair",
                "-alias",
                "it",
                "-keyalg",
                "EC",
                "-dname",
                "CN=" + name,
                "-ext",
                "san=dns:" + name,
                "-validity",
                "2",
                "-storetype",
                "PKCS12",
                "-keystore",
                store.toString(),
                "-storepass",
                new String(PASSWORD))
            .redirectErrorStream(true)
            .start();
    String said = new String(keytool.getInputStream().readAllBytes());
    if (keytool.waitFor() != 0) {
      throw new IOException("keytool: " + said);
    }
  }

  /** For a server that shows it. */
  public SSLContext server() {
    return server;
  }

  /** For a client that trusts it and nothing else. */
  public SSLContext client() {
    return client;
  }

  public X509TrustManager trust() {
    return trust;
  }
}
