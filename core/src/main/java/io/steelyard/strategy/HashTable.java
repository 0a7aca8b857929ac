package io.steelyard.strategy;

/**
 * A sequence of rows for every hash: what {@link TableWalk} walks. A row comes up about as often as
 * its weight says, and again and again.
 */
interface HashTable {
  /** Where the walk of this hash starts. */
  int start(long hash);

  /** Where it is after so many steps, 0 being the start: from 0 to {@link #length()} - 1. */
  int position(long hash, int start, int step);

  /** The row at a position. */
  int row(int position);

  /** Something that tells this step of this walk from others, on every client. */
  long salt(int position, int step);

  /** How many steps there are. */
  int length();
}
