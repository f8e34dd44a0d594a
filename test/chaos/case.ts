import { createHash } from "node:crypto";
import type { Mode, Victims } from "./arms.ts";
import { MODES, VICTIMS } from "./arms.ts";

/** What runs while the kill comes. `start`: the chain, killed before the workspace is ready; `recovery`: the fan-out, killed once before without a point. */
export const SCENARIOS = ["start", "chain", "fan-out", "failing", "cancel", "recovery"] as const;
export type Scenario = (typeof SCENARIOS)[number];

/** A durable write that a run without kills was seen to make. */
export interface Point {
  scenario: Scenario;
  /** `<role>/<kind>/<file>#<occurrence>` */
  name: string;
  tears: boolean;
}

/** One kill. Written `<scenario>:<role>/<kind>/<file>#<occurrence>:<mode>:<victims>`. */
export interface Case {
  scenario: Scenario;
  point: string;
  mode: Mode;
  victims: Victims;
  seed: number;
}

export function caseName({ scenario, point, mode, victims }: Case): string {
  return `${scenario}:${point}:${mode}:${victims}`;
}

/** A number from 0 up to 1 that depends on the seed and the text alone. */
export function fraction(seed: number, text: string): number {
  return createHash("sha256").update(`${seed} ${text}`).digest().readUInt32BE(0) / 2 ** 32;
}

/** Ways to kill at a point, in an order of its own: seeds that follow one another try them all. */
export function waysOf(point: Point): { mode: Mode; victims: Victims }[] {
  const modes = MODES.filter((mode) => mode !== "torn" || point.tears);
  const ways = modes.flatMap((mode) => VICTIMS.map((victims) => ({ mode, victims }))).filter(isPossible);
  return ways.sort((a, b) => fraction(0, `${point.name} ${a.mode} ${a.victims}`) - fraction(0, `${point.name} ${b.mode} ${b.victims}`));
}

/** A process that has torn its write cannot live on. */
function isPossible({ mode, victims }: { mode: Mode; victims: Victims }): boolean {
  return mode !== "torn" || victims !== "other";
}

/** One case for each point and seed. */
export function casesOf(points: readonly Point[], seeds: readonly number[]): Case[] {
  return seeds.flatMap((seed) =>
    points.flatMap((point) => {
      const ways = waysOf(point);
      const way = ways[seed % ways.length];
      return way ? [{ scenario: point.scenario, point: point.name, ...way, seed }] : [];
    }),
  );
}

/** Every way of the points that a person named: whole cases, points, or the beginning of either. */
export function casesNamed(only: string, points: readonly Point[], seeds: readonly number[]): Case[] {
  const all = seeds.flatMap((seed) =>
    points.flatMap((point) => waysOf(point).map((way) => ({ scenario: point.scenario, point: point.name, ...way, seed }))),
  );
  const exact = all.filter((one) => caseName(one) === only || `${one.scenario}:${one.point}` === only);
  if (exact.length > 0) return exact;
  const [, scenario, point, mode, victims] = /^([\w-]+):(.+#\d+):(\w+):(\w+)$/.exec(only) ?? [];
  const whole = { scenario, point, mode, victims } as { scenario: Scenario; point: string; mode: Mode; victims: Victims };
  if (victims !== undefined && SCENARIOS.includes(whole.scenario)) return seeds.map((seed) => ({ ...whole, seed })); // not seen just now, but it may be met
  return spread(all.filter((one) => caseName(one).startsWith(only)));
}

/** Mixes cases so that whichever part of them there is time for holds every kind of point. */
export function spread(cases: readonly Case[]): Case[] {
  const kinds = Map.groupBy(
    [...cases].sort((a, b) => fraction(a.seed, caseName(a)) - fraction(b.seed, caseName(b))),
    ({ scenario, point }) => `${scenario}:${point.slice(0, point.lastIndexOf("#"))}`,
  );
  const queues = [...kinds.values()].sort((a, b) => fraction(1, a[0]?.point ?? "") - fraction(1, b[0]?.point ?? ""));
  return Array.from({ length: Math.max(0, ...queues.map((queue) => queue.length)) }, (_, at) => at).flatMap((at) =>
    queues.flatMap((queue) => queue[at] ?? []),
  );
}
