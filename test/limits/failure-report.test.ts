import { describe, expect, test } from "vitest";
import { reportFailure } from "../../cli/failure-report.ts";
import { terminalOf } from "../../cli/terminal.ts";
import type { ApiClient } from "../../sdk/client.ts";
import type { RunResource, StepResource } from "../../shared/api/resources.ts";
import { anId } from "../support/graphs.ts";

/** What is told of a run in which so many steps failed, each with this log. */
async function reportOf(steps: number, log: string): Promise<string[]> {
  const client = {
    call: async ({ name }: { name: string }) => ({
      body: name === "getLog" ? Buffer.from(log) : { files: [{ path: "user_logs/std_log.txt" }] },
    }),
  } as unknown as ApiClient;
  const failed = Array.from(
    { length: steps },
    (_, i) => ({ key: `s${i}`, runId: anId(i), status: "Failed", attempt: 1 }) as unknown as StepResource,
  );
  const chunks: string[] = [];
  const out = terminalOf({ write: (text) => chunks.push(String(text)) }, { NO_COLOR: "1" });
  await reportFailure(client, { id: anId(9) } as RunResource, failed, out, "penstock");
  return chunks.join("").split("\n");
}

describe("failed steps that a report shows whole, with lines of their logs", () => {
  test("are three, and the rest is counted", async () => {
    const [three, four] = [await reportOf(3, "x"), await reportOf(4, "x")];

    expect(three.filter((line) => line.startsWith("✖"))).toHaveLength(3);
    expect(three.join("\n")).not.toMatch(/more failed/);
    expect(four.filter((line) => line.startsWith("✖"))).toHaveLength(3);
    expect(four.at(-2)).toMatch(/^and 1 more failed: penstock run show /);
  });

  test("with the last 30 lines", async () => {
    const lines = (count: number) => Array.from({ length: count }, (_, index) => `line ${index}`).join("\n");

    expect((await reportOf(1, lines(30))).filter((line) => line.startsWith("  │"))).toHaveLength(30);
    expect((await reportOf(1, lines(31))).filter((line) => line.startsWith("  │")).at(0)).toBe("  │ line 1");
  });

  test("with 500 characters of a line", async () => {
    const lineOf = async (characters: number) =>
      (await reportOf(1, "x".repeat(characters))).find((line) => line.startsWith("  │"))?.slice(4);

    expect(await lineOf(500)).toBe("x".repeat(500));
    expect(await lineOf(501)).toBe(`${"x".repeat(499)}…`);
  });
});
