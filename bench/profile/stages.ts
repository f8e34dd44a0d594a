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

/** Where the network is waited for and spoken to, in either process. */
const NETWORK: Rule = {
  stage: "HTTP",
  sources: [
    ...under(
      "node:",
      "http",
      "_http",
      "https",
      "net",
      "tls",
      "url",
      "internal/url",
      "internal/http",
      "internal/deps/undici",
      "internal/stream_base",
    ),
    ...under("node_modules/", "@azure/core-", "@typespec/", "axios/", "follow-redirects/"),
  ],
};

/** Of the rules that fit a function, the first one counts. */
const RULES: Readonly<Record<WatchedRole, readonly Rule[]>> = {
  host: [
    { stage: "commits and syncs", sources: ["local/host/durable/sqlite-storage.ts"], functions: ["begin", "commit", "sync", "rollback"] },
    { stage: "commits and syncs", sources: ["local/host/durable/commits.ts", "shared/adapters/sqlite/group-commit.ts"] },
    {
      stage: "store",
      sources: [
        ...under("local/host/durable/", "sqlite-", "messages"),
        ...under("shared/adapters/", "sqlite/", "documents/", "cosmos/", "local-blob/", "azure-blob/"),
      ],
    },
    {
      stage: "replay",
      sources: under(
        "local/host/durable/",
        ...["second-replay", "replay-", "execution", "nondeterminism", "history-json", "json-reader", "actions", "episode-events"],
      ),
    },
    {
      stage: "logs and metrics",
      sources: [
        ...under("local/", "workspace/file-log", "host/console-log", "host/log-filter"),
        ...under("functions/", "context-log", "log-bugs"),
        ...under("shared/", "services/run-record", "services/run-files", "api/log-line"),
        "node:internal/console",
      ],
    },
    {
      stage: "orchestrator turns",
      sources: [
        ...["functions/orchestrators/", "local/host/durable/"],
        ...under("node_modules/durable-functions/src/", "orchestrations/", "actions/", "history/", "task/", "entities/"),
      ],
    },
    {
      stage: "HTTP",
      sources: [
        ...under("local/host/", "http", "event-grid"),
        ...under("functions/", "http", "durable-", "triggers/", "parse-", "send-", "unknown-route"),
        ...under("shared/adapters/", "entra/", "identity/", "azureml/service-client", "azureml/read-body", "azureml/token"),
        ...under("shared/", "api/", "services/submit-run", "services/view-runs", "services/find-run"),
        "node_modules/durable-functions/src/durableClient/",
      ],
    },
    NETWORK,
    { stage: "activities", sources: ["functions/activities/", ...under("shared/", "services/", "domain/", "adapters/")] },
    { stage: "function calls", sources: ["node_modules/@azure/functions/", ...under("local/host/", "worker/", "run-once", "timers/")] },
  ],
  "stand-ins": [
    { stage: "commits and syncs", sources: ["local/clouds/azureml/store/journal.ts"] },
    { stage: "store", sources: under("local/clouds/", "azureml/store/", "storage/storage-records") },
    { stage: "logs and metrics", sources: under("local/clouds/azureml/jobs/", "appended-log", "artifacts", "blob-", "log-limit") },
    {
      stage: "HTTP",
      sources: [
        ...under("local/clouds/", "entra/", "loopback-server", "storage/event-"),
        ...under("local/clouds/azureml/", "http/", "jobs/post-json", "jobs/run-status-"),
        "node_modules/ajv",
      ],
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

function under(folder: string, ...names: string[]): string[] {
  return names.map((name) => folder + name);
}
