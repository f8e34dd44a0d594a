import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { HostLog, Worker } from "../../local/host/contract.ts";
import { DurableFunctions } from "../../local/host/durable/functions.ts";
import { loadApp } from "./app-host.ts";
import { ClientEndpoint } from "./client-endpoint.ts";
import { Comparer, type Difference } from "./compare.ts";
import { runEndToEnd } from "./end-to-end.ts";
import { beginning, type Recording, readRecordings } from "./recording.ts";
import { checkSecondReplay } from "./second-replay-check.ts";

export interface ConformanceReport {
  /** How many scenarios were run. */
  scenarios: number;
  /** How many of them have no difference. */
  agreed: number;
  differences: Difference[];
}

/** Runs every recording of a folder against this host, on the app they were made with. */
export async function runConformance(
  folders: { scenarios: string; app: string },
  log: HostLog,
  done: (scenario: string, differences: Difference[]) => void = () => {},
): Promise<ConformanceReport> {
  const recordings = readRecordings(folders.scenarios);
  const endpoint = await ClientEndpoint.open();
  const report: ConformanceReport = { scenarios: recordings.length, agreed: 0, differences: [] };
  try {
    for (const recording of recordings) {
      // Some functions of the app count their calls: each scenario gets it as it is after a start.
      const worker = await loadApp(folders.app, log);
      const found = await runScenario(recording, { worker, endpoint, log, hubName: hubName(folders.app) });
      await worker.dispose();
      if (found.length === 0) report.agreed++;
      report.differences.push(...found);
      done(recording.scenario, found);
    }
  } finally {
    await endpoint.close();
  }
  return report;
}

async function runScenario(
  recording: Recording,
  stage: { worker: Worker; endpoint: ClientEndpoint; log: HostLog; hubName: string },
): Promise<Difference[]> {
  const functions = new DurableFunctions(stage.worker);
  const world = {
    knows: (kind: "activity" | "orchestrator" | "entity", name: string) => functions.find(kind, name) !== undefined,
    names: (kind: "activity" | "orchestrator" | "entity") => functions.names(kind),
    slip: () => {},
  };
  const replayed = new Comparer(recording.scenario, beginning(recording));
  checkSecondReplay(recording, world, replayed);
  const run = new Comparer(recording.scenario, beginning(recording));
  try {
    await runEndToEnd(recording, stage, run);
  } catch (error) {
    run.differences.push({
      scenario: recording.scenario,
      where: "end to end",
      recorded: "runs through",
      ours: String(error instanceof Error ? error.stack : error),
    });
  }
  return [...replayed.differences, ...run.differences];
}

/** The task hub of the app's host.json; it stands in URLs that are compared. */
function hubName(app: string): string {
  const host = JSON.parse(readFileSync(join(app, "host.json"), "utf8")) as { extensions?: { durableTask?: { hubName?: string } } };
  return host.extensions?.durableTask?.hubName ?? "TestHubName";
}
