/** Less than this share is no change. */
const STEADY = 0.01;

/** A number of bytes once it has stopped to shrink: memory is given back some time after it was let go. */
export async function settled(read: () => number, milliseconds = 300): Promise<number> {
  let least = read();
  for (let steady = 0, turns = 0; steady < 4 && turns < 50; turns++) {
    await Bun.sleep(milliseconds);
    const now = read();
    steady = now < least * (1 - STEADY) ? 0 : steady + 1;
    least = Math.min(least, now);
  }
  return least;
}
