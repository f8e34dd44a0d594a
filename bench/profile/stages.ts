import type { WatchedRole } from "../watch/orders.ts";
import type { Frame } from "./cpu-profile.ts";

/** Where time goes, in the order of the table. */
export const STAGES = [
  "HTTP",
  "function calls",
  "orchestrator turns",
  "replay",
  "activities",
  "store",
  "commits and syncs",
  "logs and metrics",
  "spawn",
  "other work",
  "garbage collection",
  "system",
  "idle",
] as const;
export type Stage = (typeof STAGES)[number];

interface Rule {
  stage: Stage;
  /** Sources begin with one of these. */
  sources: readonly string[];
  /** Absent: any function of theirs. */
  functions?: readonly string[];
}

/** Frames that V8 names itself. `(program)` is native code that no function of ours is waiting for: the event loop, mostly. */
const SPECIAL: Readonly<Record<string, Stage>> = { "(garbage collector)": "garbage collection", "(idle)": "idle", "(program)": "system" };

const NETWORK: Rule = {
  stage: "HTTP",
  sources: ["node:http", "node:_http", "node:https", "node:net", "node:tls", "node:url", "node:internal/url", "node:internal/http"].concat([
    "node:internal/deps/undici",
    "node:internal/stream_base",
    "node_modules/@azure/core-",
    "node_modules/@typespec/",
    "node_modules/axios/",
    "node_modules/follow-redirects/",
  ]),
};

/** Of the rules that fit a function, the first one counts. */
const RULES: Readonly<Record<WatchedRole, readonly Rule[]>> = {
  host: [
    { stage: "commits and syncs", sources: ["local/host/durable/sqlite-storage.ts"], functions: ["begin", "commit", "sync", "rollback"] },
    { stage: "commits and syncs", sources: ["local/host/durable/commits.ts", "shared/adapters/sqlite/group-commit.ts"] },
    {
      stage: "store",
      sources: ["local/host/durable/sqlite-", "local/host/durable/messages.ts"].concat(
        ["sqlite/", "documents/", "cosmos/", "local-blob/", "azure-blob/"].map((adapter) => `shared/adapters/${adapter}`),
      ),
    },
    {
      stage: "replay",
      sources: ["second-replay", "replay-", "execution", "nondeterminism", "history-json", "json-reader", "actions", "episode-events"].map(
        (file) => `local/host/durable/${file}`,
      ),
    },
    {
      stage: "logs and metrics",
      sources: ["local/workspace/file-log", "local/host/console-log", "local/host/log-filter", "functions/context-log"].concat([
        "functions/log-bugs",
        "shared/services/run-record",
        "shared/services/run-files",
        "shared/api/log-line",
        "node:internal/console",
      ]),
    },
    {
      stage: "orchestrator turns",
      sources: ["functions/orchestrators/", "local/host/durable/"].concat(
        ["orchestrations/", "actions/", "history/", "task/", "entities/"].map((folder) => `node_modules/durable-functions/src/${folder}`),
      ),
    },
    {
      stage: "HTTP",
      sources: [
        "local/host/http",
        "local/host/event-grid",
        "functions/http",
        "functions/durable-orchestrations",
        "functions/triggers/",
      ].concat([
        "functions/parse-",
        "functions/send-",
        "functions/unknown-route",
        "shared/api/",
        "shared/adapters/entra/",
        "shared/adapters/identity/",
        "shared/adapters/azureml/service-client",
        "shared/adapters/azureml/read-body",
        "shared/adapters/azureml/token",
        "shared/services/submit-run",
        "shared/services/view-runs",
        "shared/services/find-run",
        "node_modules/durable-functions/src/durableClient/",
      ]),
    },
    NETWORK,
    { stage: "activities", sources: ["functions/activities/", "shared/services/", "shared/domain/", "shared/adapters/"] },
    {
      stage: "function calls",
      sources: ["local/host/worker/", "local/host/run-once", "local/host/timers/", "node_modules/@azure/functions/"],
    },
  ],
  "stand-ins": [
    { stage: "commits and syncs", sources: ["local/clouds/azureml/store/journal.ts"] },
    { stage: "store", sources: ["local/clouds/azureml/store/", "local/clouds/storage/storage-records"] },
    {
      stage: "logs and metrics",
      sources: ["appended-log", "artifacts", "blob-", "log-limit"].map((file) => `local/clouds/azureml/jobs/${file}`),
    },
    {
      stage: "HTTP",
      sources: ["local/clouds/azureml/http/", "local/clouds/entra/", "local/clouds/loopback-server", "local/clouds/storage/event-"].concat([
        "local/clouds/azureml/jobs/post-json",
        "local/clouds/azureml/jobs/run-status-",
        "node_modules/ajv",
      ]),
    },
    NETWORK,
    { stage: "spawn", sources: ["local/clouds/azureml/jobs/", "node:child_process", "node:internal/child_process"] },
  ],
};

/** The stage of a stack: of its frames, innermost first, the first one that a rule knows. What comes back from a wait has lost its callers. */
export function stageOf(frames: readonly Frame[], role: WatchedRole): Stage {
  for (const frame of frames) {
    const stage = frame.source === "" ? SPECIAL[frame.name] : RULES[role].find((rule) => fits(rule, frame))?.stage;
    if (stage !== undefined) return stage;
  }
  return "other work";
}

function fits({ sources, functions }: Rule, { source, name }: Frame): boolean {
  return sources.some((prefix) => source.startsWith(prefix)) && (functions?.includes(name) ?? true);
}
