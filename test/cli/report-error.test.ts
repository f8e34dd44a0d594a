import { describe, expect, test } from "vitest";
import { reportError } from "../../cli/report-error.ts";
import type { Terminal } from "../../cli/terminal.ts";
import { ApiProblem } from "../../sdk/api-problem.ts";

function report(problem: { title: string; status: number; detail?: string; remedy?: string }) {
  const lines: string[] = [];
  const colors = { red: (text: string) => text, dim: (text: string) => text };
  const code = reportError(new ApiProblem("POST /x", { type: "about:blank", ...problem }), {
    line: (text: string) => void lines.push(text),
    colors,
  } as unknown as Terminal);
  return { code, lines };
}

describe("reportError", () => {
  test("says try once, and ends as for what is out of reach", () => {
    const { code, lines } = report({ title: "Out of reach", status: 503, remedy: "try again in 5 s" });

    expect([code, lines]).toEqual([9, ["error Out of reach", "  try again in 5 s"]]);
  });

  test("shows what the host says of its disk", () => {
    const { code, lines } = report({ title: "The workspace answered 503", status: 503, detail: "the disk is full" });

    expect(code).toBe(9);
    expect(lines).toEqual([
      "error The workspace answered 503: the disk is full",
      "  try again a little later; the workspace's own log says more",
    ]);
  });
});
