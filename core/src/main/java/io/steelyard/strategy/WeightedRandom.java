package io.steelyard.strategy;

import io.steelyard.Candidates;
import io.steelyard.Context;
import io.steelyard.Picker;
import io.steelyard.RandomSource;
import io.steelyard.Strategy;

/** See {@link Strategies#random}. */
enum WeightedRandom implements Strategy {
  INSTANCE;

  @Override
  public Picker compile(Candidates candidates, Context context) {
    Usable usable = Usable.of(candidates);
    RandomSource random = context.random();
    int[] index = usable.index;
    if (usable.equalWeights) {
      return (request, rank) -> index[random.nextInt(index.length)];
    }
    AliasTable table = new AliasTable(usable.weight);
    return (request, rank) -> index[table.draw(random)];
  }

  @Override
  public String toString() {
    return "random";
  }
}
