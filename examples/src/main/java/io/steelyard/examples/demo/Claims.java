package io.steelyard.examples.demo;

import java.util.ArrayList;
import java.util.List;

/** What the script has checked: each claim with its figure. */
final class Claims {
  private record Claim(boolean holds, String claim, String figure) {}

  private final List<Claim> claims = new ArrayList<>();

  /** Notes a claim, what was measured, and whether the one bears out the other. */
  void check(String claim, boolean holds, String figure) {
    claims.add(new Claim(holds, claim, figure));
  }

  boolean allHold() {
    return claims.stream().allMatch(Claim::holds);
  }

  /** A line for each. */
  @Override
  public String toString() {
    StringBuilder text = new StringBuilder();
    for (Claim claim : claims) {
      text.append(claim.holds() ? "  holds  " : "  FAILS  ")
          .append(claim.claim())
          .append(": ")
          .append(claim.figure())
          .append('\n');
    }
    return text.toString();
  }
}
