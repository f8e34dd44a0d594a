import type { InputMode, OutputMode } from "../../domain/pipeline-graph.ts";
import { sortedJson } from "../../domain/sorted-json.ts";
import { ComputeError, type JobRequest } from "../../ports/compute-backend.ts";

/** Property under which a job says which attempt it is. */
export const KEY_PROPERTY = "penstock.key";

const INPUT_MODES = { mount: "ReadOnlyMount", download: "Download", direct: "Direct" } as const satisfies Record<InputMode, string>;
const OUTPUT_MODES = { mount: "ReadWriteMount", upload: "Upload" } as const satisfies Record<OutputMode, string>;

/**
 * Body of the PUT that makes a command job (`CommandJob` of the ARM contract). Its bytes depend on its arguments alone: the service
 * takes a second PUT for the same job only if nothing in it differs.
 * @throws {ComputeError} `InvalidInput` for a literal that the service does not take.
 */
export function jobBody(request: JobRequest, ids: { compute: string; code: string | undefined; environment: string }): string {
  const { timeoutSeconds } = request;
  return sortedJson({
    properties: {
      jobType: "Command",
      displayName: request.displayName,
      experimentName: request.experimentName,
      computeId: ids.compute,
      codeId: ids.code,
      environmentId: ids.environment,
      command: request.command,
      inputs: mapValues(request.inputs, inputBody),
      outputs: mapValues(request.outputs, ({ uri, mode }) => ({ jobOutputType: "uri_folder", uri, mode: OUTPUT_MODES[mode] })),
      environmentVariables: request.environmentVariables,
      identity: { identityType: "AMLToken" },
      limits: timeoutSeconds === undefined ? undefined : { jobLimitsType: "Command", timeout: `PT${timeoutSeconds}S` },
      tags: request.tags,
      properties: { ...request.properties, [KEY_PROPERTY]: request.key },
    },
  });
}

function inputBody(input: JobRequest["inputs"][string], name: string): object {
  if (!("literal" in input)) {
    return { jobInputType: input.kind === "file" ? "uri_file" : "uri_folder", uri: input.uri, mode: INPUT_MODES[input.mode] };
  }
  if (/[a-zA-Z0-9_]/.test(input.literal)) return { jobInputType: "literal", value: input.literal };
  const message = `input ${JSON.stringify(name)} is ${JSON.stringify(input.literal)}, and Azure ML takes only a literal with a letter, a digit or an underscore in it; pass it in the command or as an environment variable`;
  throw new ComputeError("InvalidInput", message, { retryable: false });
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, map: (value: T, name: string) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([name, value]) => [name, map(value, name)]));
}
