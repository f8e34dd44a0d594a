import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { repositoryRoot } from "./conformance/app-host.ts";
import { runConformance } from "./conformance/conformance.ts";
import { isKnown } from "./conformance/known-differences.ts";

describe("the durable engine", () => {
  test("does what the recordings show of the real extension", { timeout: 120_000 }, async () => {
    const fixtures = join(repositoryRoot(), "test", "fixtures", "durable");

    const report = await runConformance({ scenarios: join(fixtures, "scenarios"), app: join(fixtures, "app") }, () => {});

    expect(report.differences.filter((difference) => !isKnown(difference))).toEqual([]);
    expect(report).toMatchObject({ scenarios: 93, agreed: 93 });
  });
});
