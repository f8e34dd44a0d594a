/** Numbers from 0 to below 1 that a seed decides: a linear congruential sequence (constants of Numerical Recipes, 3rd ed., §7.1.3), its low bits left out. */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return (state >>> 8) / 2 ** 24;
  };
}
