package io.steelyard.kubernetes.internal;

import io.fabric8.kubernetes.client.OAuthTokenProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A token in a file that somebody else renews, as a kubeconfig's {@code tokenFile} has it: read for
 * each request, of which there are few. While the file cannot be read, what was read last is used.
 */
public final class TokenFile implements OAuthTokenProvider {
  private static final Logger log = LoggerFactory.getLogger(TokenFile.class);

  private final Path file;
  private volatile @Nullable String last;
  private volatile boolean told;

  public TokenFile(Path file) {
    this.file = file;
  }

  /**
   * The token as it stands in the file now; null if it was never there, as the interface allows.
   */
  @Override
  @SuppressWarnings("NullAway") // fabric8's interface is not annotated; its callers look for null
  public String getToken() {
    try {
      String token = Files.readString(file).strip();
      if (!token.isEmpty()) {
        last = token;
        told = false;
        return token;
      }
      tell("it is empty");
    } catch (IOException e) {
      tell(e.toString());
    }
    return last;
  }

  private void tell(String why) {
    if (!told) {
      told = true;
      log.warn("Kubernetes: the token file {} cannot be read: {}", file, why);
    }
  }
}
