/** Warnings on one run at the most; one more line says how many there were beside them. */
export const MOST_WARNINGS = 100;
/** Step keys that stand before a warning at the most. */
const NAMED_STEPS = 5;

/**
 * What a run says of its steps' warnings: each once, behind the keys of the steps that had it, after those that the run has already.
 * @param steps in the pipeline's order.
 */
export function collectWarnings(already: readonly string[], steps: Iterable<{ key: string; warnings: readonly string[] }>): string[] {
  const keys = new Map<string, string[]>();
  for (const { key, warnings } of steps) {
    for (const warning of new Set(warnings)) {
      const of = keys.get(warning);
      if (of) of.push(key);
      else keys.set(warning, [key]);
    }
  }
  const found = [...keys].map(([warning, of]) => `${nameSteps(of)}: ${warning}`).filter((warning) => !already.includes(warning));
  const room = Math.max(0, MOST_WARNINGS - already.length);
  if (found.length <= room) return [...already, ...found];
  const shown = found.slice(0, Math.max(0, room - 1));
  return [...already, ...shown, `${found.length - shown.length} more warnings of steps are not shown here; the steps have them`];
}

function nameSteps(keys: readonly string[]): string {
  if (keys.length <= NAMED_STEPS) return keys.join(", ");
  return `${keys.slice(0, NAMED_STEPS).join(", ")} and ${keys.length - NAMED_STEPS} more`;
}

/** Warnings of one step run at the most, and characters of each: they stand in documents that are small. */
const STEP_WARNINGS = 20;
const WARNING_CHARACTERS = 1000;

/** A step's warnings as they are kept. */
export function keepWarnings(warnings: readonly string[]): string[] {
  const different = [...new Set(warnings)].map((warning) => shorten(warning, WARNING_CHARACTERS));
  if (different.length <= STEP_WARNINGS) return different;
  return [...different.slice(0, STEP_WARNINGS - 1), `${different.length - STEP_WARNINGS + 1} more warnings; the job's own record has them`];
}

/** The text, or its beginning and `…`; never half a character. */
export function shorten(text: string, characters: number): string {
  if (text.length <= characters) return text.toWellFormed();
  return `${text.slice(0, characters - 1).toWellFormed()}…`;
}
