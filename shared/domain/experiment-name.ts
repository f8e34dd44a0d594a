/** A text made into the name of an experiment, which has letters, digits, `-` and `_` alone: what else it has becomes `-`. May come out empty. */
export function toExperimentName(text: string): string {
  return text
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .replace(/[^A-Za-z0-9_-]+/g, "-")
    .replace(/^[-_]+|-+$/g, "")
    .slice(0, 255);
}
