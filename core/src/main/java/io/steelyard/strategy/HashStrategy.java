package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Strategy;

/** A strategy whose orders {@link Strategies#boundedLoad} can walk. */
sealed interface HashStrategy extends Strategy permits RingHash, Maglev, Rendezvous {
  @Override
  KeyedPicker compile(Candidates candidates, Context context);
}
