import { EventEmitter } from "node:events";
import { describe, expect, test, vi } from "vitest";
import { LiveTable } from "../../cli/live-table.ts";
import { terminalOf } from "../../cli/terminal.ts";
import type { StepList, StepResource } from "../../shared/api/resources.ts";
import { RunId } from "../../shared/domain/ids.ts";

const ESCAPE = "\u001b";
/** How far up a picture begins, and its lines. */
const PICTURE = new RegExp(`^(?:${ESCAPE}\\[(\\d+)A)?\\r${ESCAPE}\\[J([^]*)$`);

/** A terminal that keeps what stands on it: enough of one to follow a drawing over itself, lines wrapped at the window's edge. */
class Screen extends EventEmitter {
  readonly isTTY = true;
  columns: number;
  rows: number;
  lines: string[] = [];

  constructor(columns: number, rows = 24) {
    super();
    this.columns = columns;
    this.rows = rows;
  }

  write(text: string | Uint8Array): void {
    const [, up = "0", rest = ""] = PICTURE.exec(String(text)) ?? [];
    this.lines = this.lines.slice(0, this.lines.length - Number(up));
    this.lines.push(
      ...rest
        .split("\n")
        .slice(0, -1)
        .flatMap((line) => this.wrap(line)),
    );
  }

  /** As a terminal does: what was one line for a wide window is several in a narrow one. */
  resize(columns: number): void {
    this.columns = columns;
    this.lines = this.lines.flatMap((line) => this.wrap(line));
    this.emit("resize");
  }

  private wrap(line: string): string[] {
    return line.match(new RegExp(`.{1,${this.columns}}`, "gu")) ?? [""];
  }
}

const ID = RunId.parse("01998000-0000-7000-8000-000000000000");
const step = (key: string, change: Partial<StepResource> = {}): StepResource => ({
  key,
  name: key,
  type: "CommandStep",
  runId: ID,
  status: "NotStarted",
  attempt: 0,
  dependsOn: [],
  ...change,
});
const list = (...steps: StepResource[]): StepList => ({ runId: ID, status: "Running", revision: "1", steps });

function aTable(screen: Screen): LiveTable {
  return new LiveTable(terminalOf(screen, { NO_COLOR: "1" }), "Ctrl-C detaches", Date.now());
}

describe("LiveTable", () => {
  test("draws over itself as steps go on, and leaves the steps when it is closed", () => {
    vi.useFakeTimers({ now: Date.parse("2025-06-01T10:00:41Z") });
    const screen = new Screen(80);
    const table = aTable(screen);
    const startedAt = "2025-06-01T10:00:00Z";

    table.show(list(step("prepare", { status: "Running", startedAt }), step("train", { dependsOn: ["prepare"] })));
    const before = screen.lines;
    table.show(
      list(
        step("prepare", { status: "Completed", startedAt, endedAt: "2025-06-01T10:00:02Z" }),
        step("train", { status: "Failed", failure: { code: "x", cause: "it broke" } }),
      ),
    );
    table.close();
    vi.useRealTimers();

    expect(before).toEqual([
      "  ● prepare  running     41 s",
      "  ○ train    waiting                for prepare",
      "  0/2  0.0 s  Ctrl-C detaches",
    ]);
    expect(screen.lines).toEqual(["  ✔ prepare  completed   2.0 s", "  ✖ train    failed                 it broke"]);
  });

  test("survives a window that is made narrow and wide again", () => {
    const screen = new Screen(80);
    const table = aTable(screen);
    table.show(list(step("a".repeat(38), { status: "Failed", failure: { code: "x", cause: "a long story about what broke" } })));

    screen.resize(20);
    const narrow = screen.lines;
    screen.resize(100);
    const wide = screen.lines;
    table.close();

    expect(narrow).toHaveLength(2);
    expect(narrow.every((line) => line.length < 20)).toBe(true);
    expect(wide[0]).toContain("a long story about what broke");
    expect(wide).toHaveLength(2);
  });

  test("shows what matters when there are more steps than lines", () => {
    const screen = new Screen(80, 8);
    const table = aTable(screen);
    const steps = [...Array(20).keys()].map((index) =>
      step(
        `s${index}`,
        index === 15 ? { status: "Failed" } : index === 17 ? { status: "Running" } : index < 5 ? { status: "Completed" } : {},
      ),
    );

    table.show(list(...steps));
    const { lines } = screen;
    table.close();

    expect(lines).toEqual(["  ✖ s15  failed", "  ● s17  running", "  ○ s5   waiting", "    and 17 more", expect.stringContaining("6/20")]);
  });

  test("lines up names of wide letters and lets no control sequence through", () => {
    const screen = new Screen(80);
    const table = aTable(screen);

    table.show(list(step("模型"), step("e\u0301te"), step("bad\u001b[2J")));
    const { lines } = screen;
    table.close();

    expect(lines.slice(0, 3)).toEqual(["  ○ 模型  waiting", "  ○ e\u0301te   waiting", "  ○ bad   waiting"]);
  });
});
