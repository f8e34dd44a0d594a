import type { Stack } from "./cpu-profile.ts";

/** A flame graph in speedscope's own format: https://www.speedscope.app/file-format-schema.json. Each process is a profile of its own. */
export function speedscope(name: string, processes: readonly { name: string; stacks: readonly Stack[] }[]): object {
  const frames: { name: string; file: string; line: number }[] = [];
  const places = new Map<string, number>();
  const placeOf = (frame: Stack["frames"][number]): number => {
    const key = `${frame.name} ${frame.source}:${frame.line}`;
    const known = places.get(key);
    if (known !== undefined) return known;
    places.set(key, frames.length);
    return frames.push({ name: frame.name, file: frame.source, line: frame.line }) - 1;
  };
  const profiles = processes.map((process) => {
    const seen = process.stacks.filter(({ frames: [top], microseconds }) => microseconds > 0 && top?.name !== "(idle)");
    return {
      type: "sampled",
      name: process.name,
      unit: "microseconds",
      startValue: 0,
      endValue: seen.reduce((sum, { microseconds }) => sum + microseconds, 0),
      samples: seen.map((stack) => stack.frames.map(placeOf).reverse()),
      weights: seen.map(({ microseconds }) => microseconds),
    };
  });
  return {
    $schema: "https://www.speedscope.app/file-format-schema.json",
    name,
    exporter: "penstock",
    activeProfileIndex: 0,
    shared: { frames },
    profiles,
  };
}
