import { describe, expect, test } from "vitest";
import { type CpuProfile, stacksOf } from "../../../bench/profile/cpu-profile.ts";

const frame = (functionName: string, url = "file:///app.js") => ({ functionName, url, lineNumber: 0, columnNumber: 0 });

const PROFILE: CpuProfile = {
  nodes: [
    { id: 1, callFrame: frame("(root)", ""), children: [2, 4] },
    { id: 2, callFrame: frame("outer"), children: [3] },
    { id: 3, callFrame: frame("inner") },
    { id: 4, callFrame: frame("(idle)", "") },
  ],
  startTime: 0,
  endTime: 1000,
  samples: [3, 3, 2, 4, 3],
  timeDeltas: [50, 100, 200, 300, 50],
};

describe("stacksOf", () => {
  test("adds up how long each stack was on top, until the next sample", () => {
    const stacks = stacksOf(PROFILE, ({ functionName, url }) => ({ name: functionName, source: url, line: 1 }));

    expect(stacks.map(({ frames, microseconds }) => [frames.map(({ name }) => name), microseconds])).toEqual([
      [["inner", "outer"], 300],
      [["outer"], 300],
      [["(idle)"], 50],
    ]);
  });
});
