import type { StepList, StepResource } from "../shared/api/resources.ts";
import { isSettled } from "../shared/domain/statuses.ts";
import { formatDuration } from "./format.ts";
import { lookOf, remarkOf, spanOf } from "./step-line.ts";
import type { Terminal } from "./terminal.ts";
import { cutText, harmless, padText, textWidth } from "./text-width.ts";

/** How often running times are drawn anew, in ms. */
const TICK_MS = 1000;
const KEY_WIDTH = 40;
/** Steps that stay on the screen when the run has ended. */
const FINAL_ROWS = 100;

/** A table of steps that is drawn over itself as the run goes on. It fits the window: what does not is summed up. */
export class LiveTable {
  private readonly out: Terminal;
  private readonly hint: string;
  private readonly startedAt: number;
  private readonly timer: NodeJS.Timeout;
  private readonly redraw = (): void => this.draw();
  private list: StepList | undefined;
  private drawn: readonly string[] = [];

  constructor(out: Terminal, hint: string, startedAt: number) {
    this.out = out;
    this.hint = hint;
    this.startedAt = startedAt;
    this.timer = setInterval(this.redraw, TICK_MS);
    this.timer.unref();
    out.stream.on?.("resize", this.redraw);
  }

  show(list: StepList): void {
    this.list = list;
    this.draw();
  }

  /** Leaves the table as it is and stops drawing. */
  close(): void {
    clearInterval(this.timer);
    this.out.stream.off?.("resize", this.redraw);
    if (!this.list) return;
    this.paint(this.rows(this.list, FINAL_ROWS));
    this.list = undefined;
  }

  private draw(): void {
    if (!this.list) return;
    const rows = this.out.stream.rows ?? 24;
    this.paint([...this.rows(this.list, Math.max(3, rows - 4)), this.footer(this.list)]);
  }

  /** One write a picture, so that nothing flickers: up to where the last one began, clear what is below, the new one. */
  private paint(lines: readonly string[]): void {
    const columns = this.out.stream.columns || 80;
    // A window made narrower has wrapped what was drawn for a wider one.
    const height = this.drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(textWidth(line) / columns)), 0);
    const fitting = lines.map((line) => cutText(line, columns - 1));
    const up = height === 0 ? "" : `\x1b[${height}A`;
    this.out.stream.write(`${up}\r\x1b[J${fitting.map((line) => `${line}\n`).join("")}`);
    this.drawn = fitting;
  }

  private rows({ steps }: StepList, most: number): string[] {
    const byKey = new Map(steps.map((step) => [step.key, step]));
    const shown = steps.length <= most ? steps : [...steps].sort((a, b) => urgency(a) - urgency(b)).slice(0, most - 1);
    const width = Math.min(KEY_WIDTH, Math.max(0, ...shown.map(({ key }) => textWidth(key))));
    const now = Date.now();
    const rows = shown.map((step) => this.row(step, width, remarkOf(step, byKey), now));
    const rest = steps.length - shown.length;
    return rest > 0 ? [...rows, this.out.colors.dim(`    and ${rest} more`)] : rows;
  }

  private row(step: StepResource, width: number, remark: string, now: number): string {
    const { symbol, word, paint } = lookOf(step.status);
    const color = this.out.colors[paint];
    const key = padText(cutText(harmless(step.key), width), width);
    return `  ${color(symbol)} ${key}  ${color(padText(word, 10))}  ${padText(spanOf(step, now), 9)}  ${this.out.colors.dim(harmless(remark))}`.trimEnd();
  }

  private footer({ steps }: StepList): string {
    const settled = steps.filter(({ status }) => isSettled(status)).length;
    const { dim } = this.out.colors;
    return dim(`  ${settled}/${steps.length}  ${formatDuration(Date.now() - this.startedAt)}  ${this.hint}`.trimEnd());
  }
}

/** What a person wants to see first when not all fits. */
function urgency({ status }: StepResource): number {
  if (status === "Failed") return 0;
  return isSettled(status) ? 3 : status === "NotStarted" ? 2 : 1;
}
