/**
 * Tests of code that balances: a clock that moves when told, a discovery that publishes when told,
 * randomness that repeats, and the contract that every strategy keeps.
 *
 * <p>The balancer under test is the real one. What is virtual is the {@link io.steelyard.Platform}:
 * on a {@link io.steelyard.testkit.VirtualPlatform} no thread is started, control work runs on the
 * thread that caused it, and time stands still until {@code advance}.
 *
 * <pre>{@code
 * VirtualPlatform platform = new VirtualPlatform();
 * ManualDiscovery discovery = new ManualDiscovery(Endpoint.of("a", 80), Endpoint.of("b", 80));
 * Balancer balancer =
 *     Balancer.builder(discovery)
 *         .platform(platform)
 *         .stages(Stages.ejection(1, Duration.ofSeconds(5), Duration.ofMinutes(5)))
 *         .strategy(Strategies.roundRobin())
 *         .build();
 *
 * platform.advance(Duration.ofMillis(10)); // the balancer's pause between two rebuilds
 * Attempt attempt = balancer.begin(PickContext.none());
 * attempt.end(Outcome.FAILURE);
 * assertThat(balancer.candidates().usable()).isEqualTo(1);
 *
 * platform.advance(Duration.ofSeconds(5));
 * assertThat(balancer.candidates().usable()).isEqualTo(2);
 * }</pre>
 *
 * <p>A strategy of your own is tested by extending {@link io.steelyard.testkit.StrategyContract}.
 */
@NullMarked
package io.steelyard.testkit;

import org.jspecify.annotations.NullMarked;
