import { matchSegment } from "./match-route.ts";
import type { Part, Segment } from "./route-template.ts";

export type Overlap =
  /** No path fits both. */
  | "none"
  /** The first is the narrower one: it takes its own paths out of the second's. */
  | "narrower"
  /** The first takes paths that look meant for the second. */
  | "hides";

/** How the template that is tried first stands to one that is tried later. */
export function routeOverlap(first: readonly Segment[], second: readonly Segment[]): Overlap {
  let narrower = true;
  for (let i = 0; i < Math.max(first.length, second.length); i++) {
    const a = first[i];
    const b = second[i];
    if (isCatchAll(a) || isCatchAll(b)) return isCatchAll(a) ? "hides" : narrower ? "narrower" : "hides";
    if (!a || !b) {
      if (![...first.slice(i), ...second.slice(i)].every(canBeAbsent)) return "none";
      return narrower ? "narrower" : "hides";
    }
    const here = segmentOverlap(a, b);
    if (here === "none") return "none";
    if (here === "hides") narrower = false;
  }
  return narrower && first.some((segment, i) => isLiteral(segment) && !isLiteral(second[i])) ? "narrower" : "hides";
}

function segmentOverlap(a: Segment, b: Segment): Overlap {
  if (isLiteral(a) && isLiteral(b)) return text(a) === text(b) ? "narrower" : "none";
  if (isLiteral(a)) return matchSegment(b, text(a), {}) ? "narrower" : "none";
  if (isLiteral(b)) return matchSegment(a, text(b), {}) ? "hides" : "none";
  return "narrower";
}

const isLiteral = (segment: Segment | undefined): boolean => segment?.length === 1 && segment[0]?.kind === "literal";
const isCatchAll = (segment: Segment | undefined): boolean => segment?.[0]?.kind === "parameter" && segment[0].catchAll;
const text = ([part]: Segment): string => (part?.kind === "literal" ? part.lower : "");

function canBeAbsent(segment: Segment): boolean {
  const part: Part | undefined = segment[0];
  return segment.length === 1 && part?.kind === "parameter" && (part.optional || part.defaultValue !== undefined || part.catchAll);
}
