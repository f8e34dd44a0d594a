import { expect, test } from "vitest";
import { speedscope } from "../../../bench/profile/speedscope.ts";

test("a flame graph names each function once and its stacks from the outermost", () => {
  const outer = { name: "outer", source: "a.ts", line: 1 };
  const inner = { name: "inner", source: "b.ts", line: 2 };
  const stacks = [
    { frames: [inner, outer], microseconds: 30 },
    { frames: [outer], microseconds: 20 },
    { frames: [{ name: "(idle)", source: "", line: 0 }], microseconds: 999 },
  ];

  const file = speedscope("chain", [{ name: "host", stacks }]);

  expect(file).toEqual({
    $schema: "https://www.speedscope.app/file-format-schema.json",
    name: "chain",
    exporter: "penstock",
    activeProfileIndex: 0,
    shared: {
      frames: [
        { name: "inner", file: "b.ts", line: 2 },
        { name: "outer", file: "a.ts", line: 1 },
      ],
    },
    profiles: [
      { type: "sampled", name: "host", unit: "microseconds", startValue: 0, endValue: 50, samples: [[1, 0], [1]], weights: [30, 20] },
    ],
  });
});
