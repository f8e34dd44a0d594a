import type { HostLog } from "./contract.ts";
import type { LogLevelName } from "./settings/host-json.ts";

const RANKS: Record<string, number> = { trace: 0, debug: 1, information: 2, warning: 3, error: 4, critical: 5, none: 6 };
const rank = (level: string): number => RANKS[level.toLowerCase()] ?? 2;

/** Lets through what `logging.logLevel` of host.json asks for: the longest category that fits a line's decides, then `default`. */
export function filterLog(log: HostLog, logLevel: Readonly<Record<string, LogLevelName>>): HostLog {
  const rules = Object.entries(logLevel).sort(([a], [b]) => b.length - a.length);
  const lowest = rank(logLevel["default"] ?? logLevel["Default"] ?? "Information");
  const cache = new Map<string, number>();
  const threshold = (category: string): number => {
    const known = cache.get(category);
    if (known !== undefined) return known;
    const rule = rules.find(([prefix]) => `${category}.`.toLowerCase().startsWith(`${prefix.toLowerCase()}.`));
    const value = rule ? rank(rule[1]) : lowest;
    cache.set(category, value);
    return value;
  };
  return (level, message, detail) => {
    if (rank(level) >= threshold(categoryOf(detail))) log(level, message, detail);
  };
}

function categoryOf(detail: Record<string, unknown> | undefined): string {
  const name = detail?.["functionName"];
  if (typeof name !== "string") return "Host.General";
  return detail?.["category"] === "user" ? `Function.${name}.User` : `Function.${name}`;
}
