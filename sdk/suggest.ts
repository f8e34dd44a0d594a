/** The candidate that `word` was most likely meant to be, or undefined when none is near: a third of its letters may differ. */
export function suggest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = fold(word).slice(0, 64);
  let best: string | undefined;
  let bestDistance = Math.max(1, Math.floor(wanted.length / 3)) + 1;
  for (const candidate of candidates) {
    const distance = editDistance(wanted, fold(candidate).slice(0, 64), bestDistance);
    if (distance < bestDistance) [best, bestDistance] = [candidate, distance];
  }
  return best;
}

/** `did you mean "x"?` where there is something near, else the whole choice, shortened. */
export function remedyFor(word: string, candidates: readonly string[], what: string): string {
  const near = suggest(word, candidates);
  if (near !== undefined) return `did you mean ${JSON.stringify(near)}?`;
  if (candidates.length === 0) return `there are no ${what}`;
  const shown = candidates.slice(0, 12).join(", ");
  return `${what} are ${shown}${candidates.length > 12 ? `, and ${candidates.length - 12} more` : ""}`;
}

/** Case and separators are what people get wrong most: `scriptName` is `script_name`. */
function fold(word: string): string {
  return word.toLowerCase().replace(/[_\-\s]/g, "");
}

/** Levenshtein's distance (1966) with swapped neighbours as one edit (Damerau, 1964), by rows; gives `bound` for anything as far apart or farther. */
function editDistance(a: string, b: string, bound: number): number {
  if (Math.abs(a.length - b.length) >= bound) return bound;
  let beforeThat: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, column) => column);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const replaced = (previous[column - 1] ?? 0) + (a[row - 1] === b[column - 1] ? 0 : 1);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      const swap = swapped ? (beforeThat[column - 2] ?? 0) + 1 : bound;
      current.push(Math.min(replaced, swap, (previous[column] ?? 0) + 1, (current[column - 1] ?? 0) + 1));
    }
    if (Math.min(...current) > bound) return bound;
    [beforeThat, previous] = [previous, current];
  }
  return Math.min(previous[b.length] ?? bound, bound);
}
