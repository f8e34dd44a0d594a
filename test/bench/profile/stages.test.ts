import { describe, expect, test } from "vitest";
import type { Frame } from "../../../bench/profile/cpu-profile.ts";
import { stageOf } from "../../../bench/profile/stages.ts";

/** A stack from `name source` each, innermost first. */
function stack(...frames: string[]): Frame[] {
  return frames.map((text) => {
    const [name = "", source = ""] = text.split(" ");
    return { name, source, line: 1 };
  });
}

describe("stageOf", () => {
  test.each([
    ["HTTP", stack("writev", "writevGeneric node:internal/stream_base_commons", "respond local/host/http/respond.ts")],
    ["HTTP", stack("parse node_modules/zod/v4/core/parse.js", "parseJson functions/parse-json.ts")],
    [
      "function calls",
      stack("toRpcTypedData node_modules/@azure/functions/src/converters/toRpcTypedData.ts", "invoke local/host/worker/invoke-function.ts"),
    ],
    ["orchestrator turns", stack("next", "resume node_modules/durable-functions/src/orchestrations/TaskOrchestrationExecutor.ts")],
    ["orchestrator turns", stack("stringify", "run local/host/durable/episodes.ts")],
    ["replay", stack("walk local/host/durable/second-replay.ts", "run local/host/durable/episodes.ts")],
    ["activities", stack("sort", "decide shared/domain/advance.ts", "advanceRun shared/services/advance-run.ts")],
    ["store", stack("run", "run local/host/durable/sqlite-storage.ts", "addMessage local/host/durable/sqlite-storage.ts")],
    ["store", stack("get", "get shared/adapters/sqlite/documents.ts", "advanceRun shared/services/advance-run.ts")],
    ["commits and syncs", stack("exec", "exec bench/watch/count-syncs.ts", "sync local/host/durable/sqlite-storage.ts")],
    ["commits and syncs", stack("exec", "flush shared/adapters/sqlite/group-commit.ts")],
    ["logs and metrics", stack("write", "log local/workspace/file-log.ts", "run local/host/durable/episodes.ts")],
    ["garbage collection", stack("(garbage", "run local/host/durable/episodes.ts")],
    ["idle", stack("(idle)")],
    ["system", stack("(program)")],
    ["other work", stack("anonymous", "start local/start.ts")],
  ] as const)("finds %s in the host", (stage, frames) => {
    const named = frames.map((frame) => (frame.name === "(garbage" ? { ...frame, name: "(garbage collector)", source: "" } : frame));

    expect(stageOf(named, "host")).toBe(stage);
  });

  test.each([
    ["spawn", stack("mkdir", "mkdirSync node:fs", "layOut local/clouds/azureml/jobs/launch.ts")],
    ["spawn", stack("spawn", "spawn node:internal/child_process", "start local/clouds/azureml/jobs/launcher.ts")],
    ["logs and metrics", stack("readSync node:fs", "sync local/clouds/azureml/jobs/artifacts.ts")],
    ["commits and syncs", stack("exec", "#commit local/clouds/azureml/store/journal.ts")],
    ["store", stack("run", "save local/clouds/azureml/store/job-records.ts")],
    ["HTTP", stack("validate0", "check local/clouds/azureml/http/schemas.ts")],
  ] as const)("finds %s in the stand-ins", (stage, frames) => {
    expect(stageOf(frames, "stand-ins")).toBe(stage);
  });
});
