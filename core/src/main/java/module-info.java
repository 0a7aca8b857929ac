/**
 * Client-side load balancing for the JVM: the API, the strategies, the stages and the discoveries.
 */
module io.steelyard {
  requires static transitive org.jspecify;
  requires com.github.benmanes.caffeine;
  requires org.slf4j;
  requires static jdk.jfr;

  exports io.steelyard;
  exports io.steelyard.adapter;
  exports io.steelyard.config;
  exports io.steelyard.discovery;
  exports io.steelyard.retry;
  exports io.steelyard.stage;
  exports io.steelyard.strategy;
}
