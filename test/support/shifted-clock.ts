import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** The wall clock of Node processes is ahead of the machine's by as much as a file says; monotonic clocks and timers are the machine's. */
const PRELOAD = `
import { readFileSync } from "node:fs";
const [RealDate, realNow] = [Date, Date.now];
let [shift, lookedAt] = [0, -Infinity];
function now() {
  if (performance.now() - lookedAt > 20) {
    lookedAt = performance.now();
    shift = Number(readFileSync(process.env.TEST_CLOCK_SHIFT, "utf8"));
  }
  return realNow() + shift;
}
globalThis.Date = new Proxy(RealDate, {
  construct: (target, args, made) => Reflect.construct(target, args.length > 0 ? args : [now()], made),
  get: (target, name) => (name === "now" ? now : Reflect.get(target, name)),
});
`;

/** Makes what shifts the clock of the processes that are started with `env`. */
export function shiftedClock(folder: string): { env: Record<string, string>; jump(toMs: number): void } {
  const [preload, file] = [join(folder, "shifted-clock.mjs"), join(folder, "clock-shift")];
  writeFileSync(preload, PRELOAD);
  const jump = (toMs: number) => {
    writeFileSync(`${file}.new`, String(toMs));
    renameSync(`${file}.new`, file);
  };
  jump(0);
  return { env: { NODE_OPTIONS: `--import ${preload}`, TEST_CLOCK_SHIFT: file }, jump };
}
