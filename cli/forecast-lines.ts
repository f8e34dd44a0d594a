import type { ForecastResource, StepForecast } from "../shared/api/resources.ts";
import { assertNever } from "../shared/domain/assert-never.ts";
import type { FingerprintChange } from "../shared/domain/fingerprint.ts";
import type { RunCause } from "../shared/domain/reuse.ts";
import type { Colors } from "./terminal.ts";
import { harmless, padText, textWidth } from "./text-width.ts";

/** Steps of a forecast that are shown unless all are asked for. */
const SHOWN_STEPS = 20;

/**
 * What a submit is about to do, for people: a line that counts, and one for each step. @param all every step and every difference, as a dry run shows
 * them; otherwise the steps of a large pipeline are only counted.
 */
export function forecastLines({ steps, counts }: ForecastResource, colors: Colors, all: boolean): string[] {
  const shown = all || steps.length <= SHOWN_STEPS ? steps : [];
  const width = Math.max(0, ...shown.map(({ key }) => textWidth(harmless(key))));
  return [summaryOf(counts), ...shown.flatMap((step) => stepLines(step, width, colors, all))];
}

function summaryOf({ reuse, wait, run }: ForecastResource["counts"]): string {
  const parts = [run > 0 && `${run} will run`, reuse > 0 && `${reuse} reused`, wait > 0 && `${wait} wait for another run`];
  return `Steps: ${parts.filter(Boolean).join(", ")}`;
}

function stepLines({ key, way }: StepForecast, width: number, colors: Colors, all: boolean): string[] {
  const name = padText(harmless(key), width);
  switch (way.kind) {
    case "reuse":
      return [`  ${colors.dim("reuse")} ${name}  from run ${way.from.runId}`];
    case "wait":
      return [`  ${colors.dim("wait")}  ${name}  run ${way.from.runId} is doing it`];
    case "run":
      return [`  ${colors.cyan("run")}   ${name}  ${harmless(causeOf(way.because, all))}`, ...(all ? changeLines(way.because, width) : [])];
    default:
      return assertNever(way);
  }
}

function causeOf(cause: RunCause, all: boolean): string {
  switch (cause.reason) {
    case "not-allowed":
      return "allow_reuse is false";
    case "regenerate":
      return "new results are asked for";
    case "upstream":
      return `takes what ${cause.step} makes anew`;
    case "unknown-input":
      return `input ${cause.input}: ${cause.cause}`;
    case "never-completed":
      return "has not completed before in this experiment";
    case "outputs-gone":
      return `output ${cause.output} of run ${cause.runId} is gone`;
    case "changed":
      return all ? `differs from run ${cause.runId}:` : changesOf(cause.changes);
    default:
      return assertNever(cause);
  }
}

function changesOf([first, ...more]: readonly FingerprintChange[]): string {
  if (!first) return "";
  return `${changeOf(first)}${more.length > 0 ? `, and ${more.length} more` : ""}`;
}

function changeLines(cause: RunCause, width: number): string[] {
  return cause.reason === "changed" ? cause.changes.map((change) => `${" ".repeat(width + 10)}${harmless(changeOf(change))}`) : [];
}

function changeOf({ part, before, after }: FingerprintChange): string {
  if (before === undefined) return `${part} is new: ${after}`;
  if (after === undefined) return `${part} is gone: ${before}`;
  return `${part}: ${before} → ${after}`;
}
