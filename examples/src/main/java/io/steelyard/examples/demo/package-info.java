/**
 * A service under load in a small cluster that can be scaled, slowed, drained and killed while one
 * watches what the balancer makes of it.
 *
 * <p>The {@linkplain io.steelyard.examples.demo.Cluster cluster} keeps real HTTP servers for pods
 * and describes them to an API server. The {@linkplain io.steelyard.examples.demo.Application
 * application} knows nothing of either: it finds the pods as any program in a cluster would.
 * Between them stand the {@linkplain io.steelyard.examples.demo.Page page} and the {@linkplain
 * io.steelyard.examples.demo.Headless script} that checks what the library promises.
 */
@NullMarked
package io.steelyard.examples.demo;

import org.jspecify.annotations.NullMarked;
