/** Differences that are there to stay, each with its reason in docs/embedded-host.md: scenario, then the beginning of `where`. */
export const KNOWN_DIFFERENCES: readonly { scenario: string; where: string }[] = [];

export function isKnown(difference: { scenario: string; where: string }): boolean {
  return KNOWN_DIFFERENCES.some((known) => known.scenario === difference.scenario && difference.where.startsWith(known.where));
}
