import type { SubmitRunBody } from "../../shared/api/requests.ts";
import type { Scenario } from "./case.ts";

/** Lines that each step prints: a gap in its log shows. */
export const LINES = 12;
/** Bytes of the output that one step of the chain hands to the next. */
export const OUTPUT_BYTES = 150_000;
/** Variable of each step that holds the case's folder, by which its processes are found. */
export const FOLDER_VARIABLE = "CHAOS_FOLDER";

type StepBody = Extract<SubmitRunBody["pipeline"]["steps"][number], { type: "CommandStep" }>;

/** A pipeline and how it must end, whatever is killed meanwhile. */
export interface Pipeline {
  steps: StepBody[];
  status: "Completed" | "Failed" | "Canceled";
  /** The step that the run's failure names. */
  failedStep?: string;
  /** Allowed ends of each step. */
  ends: Record<string, string[]>;
  /** Steps whose process must have been started; the others must not or may, by their end. */
  started: string[];
  never: string[];
  /** The run is canceled once this step has started. */
  cancelAt?: string;
}

const COMPLETED = ["Completed"];

/** Each step counts its start, prints its lines and then does `more`. */
function step(key: string, folder: string, more: string, rest: Partial<StepBody> = {}): StepBody {
  const count = `mkdir -p "$${FOLDER_VARIABLE}/count"; echo $$ >> "$${FOLDER_VARIABLE}/count/${key}"`;
  const lines = `n=0; while [ $n -lt ${LINES} ]; do n=$((n+1)); echo "line $n"; sleep 0.02; done`;
  return {
    type: "CommandStep",
    key,
    command: [`${count}; ${lines}; ${more}`],
    allowReuse: false,
    environmentVariables: { [FOLDER_VARIABLE]: folder },
    ...rest,
  };
}

const waitFor = (file: string) => `while [ ! -e "$${FOLDER_VARIABLE}/count/${file}" ]; do sleep 0.02; done`;
/** Runs until it is ended, with a process below it that must go too. */
const FOR_EVER = "sleep 600 & wait";

/** Three steps in a row: the second's output is uploaded when it has succeeded, the third checks it. The first reads a file of its snapshot. */
function chain(folder: string, snapshotId: string): Pipeline {
  const write = `head -c ${OUTPUT_BYTES} /dev/zero | tr '\\0' x > "$AZUREML_DATAREFERENCE_data/part"`;
  const check = `[ "$(wc -c < "$AZUREML_DATAREFERENCE_data/part")" -eq ${OUTPUT_BYTES} ]`;
  return {
    steps: [
      step("first", folder, "cat code/hello.txt; mkdir -p outputs; echo kept > outputs/kept.txt", {
        snapshotId: snapshotId as NonNullable<StepBody["snapshotId"]>,
      }),
      step("second", folder, write, { runAfter: ["first"], outputs: { data: { mode: "upload", path: "chaos/data" } } }),
      step("third", folder, check, { inputs: { data: { source: { step: "second", output: "data" }, mode: "mount" } } }),
    ],
    status: "Completed",
    ends: { first: COMPLETED, second: COMPLETED, third: COMPLETED },
    started: ["first", "second", "third"],
    never: [],
  };
}

function fanOut(folder: string): Pipeline {
  const parts = ["part-1", "part-2", "part-3", "part-4"];
  return {
    steps: [
      step("split", folder, "true"),
      ...parts.map((key) => step(key, folder, "true", { runAfter: ["split"] })),
      step("join", folder, "true", { runAfter: parts }),
    ],
    status: "Completed",
    ends: Object.fromEntries(["split", ...parts, "join"].map((key) => [key, COMPLETED])),
    started: ["split", ...parts, "join"],
    never: [],
  };
}

/** One step fails while another runs, which is therefore canceled; what waits for the failed one never runs. */
function failing(folder: string): Pipeline {
  return {
    steps: [
      step("good", folder, "true"),
      step("bad", folder, `${waitFor("slow")}; exit 3`, { runAfter: ["good"] }),
      step("slow", folder, FOR_EVER, { runAfter: ["good"] }),
      step("behind", folder, "true", { runAfter: ["bad"] }),
    ],
    status: "Failed",
    failedStep: "bad",
    ends: { good: COMPLETED, bad: ["Failed"], slow: ["Canceled"], behind: ["Skipped"] },
    started: ["good", "bad", "slow"],
    never: ["behind"],
  };
}

function canceled(folder: string): Pipeline {
  return {
    steps: [
      step("quick", folder, "true"),
      step("long", folder, FOR_EVER, { runAfter: ["quick"] }),
      step("after", folder, "true", { runAfter: ["long"] }),
    ],
    status: "Canceled",
    ends: { quick: COMPLETED, long: ["Canceled"], after: ["Canceled"] },
    started: ["quick", "long"],
    never: ["after"],
    cancelAt: "long",
  };
}

export function pipelineOf(scenario: Scenario, folder: string, snapshotId: string): Pipeline {
  switch (scenario) {
    case "start":
    case "chain":
      return chain(folder, snapshotId);
    case "fan-out":
    case "recovery":
      return fanOut(folder);
    case "failing":
      return failing(folder);
    case "cancel":
      return canceled(folder);
  }
}
