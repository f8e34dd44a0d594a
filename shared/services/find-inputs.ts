import type { InputSource } from "../domain/pipeline-graph.ts";
import type { DataPath } from "../domain/pipeline-parameter.ts";
import type { ReuseSource } from "../domain/reuse.ts";
import type { Failure, RunHead } from "../domain/run-documents.ts";
import type { BlobStore } from "../ports/blob-store.ts";
import { outputPlace } from "./build-job.ts";
import { boundInput } from "./command-line.ts";
import type { StepContext } from "./step-context.ts";

interface FindInputsDeps {
  blobs: BlobStore;
  /** Container of a datastore of the catalog. */
  containerOf(datastore: string): Promise<string>;
}

type Inputs = { found: Record<string, { uri: string; kind: "file" | "folder" }> } | Failure;

/**
 * Where each input lies, and whether it is a file or a folder: a compute must be told, and v1's authors never say. An input from an optional
 * parameter that has no value is left out.
 */
export async function findInputs(
  { blobs, containerOf }: FindInputsDeps,
  { step, plan, head, reused }: Pick<StepContext, "step" | "plan" | "head" | "reused">,
): Promise<Inputs> {
  const isProduced = Object.values(step.inputs).some(({ source }) => "step" in source);
  const sources = isProduced ? await reused() : new Map<number, ReuseSource>();
  const found: Record<string, { uri: string; kind: "file" | "folder" }> = {};
  for (const [name, { source }] of Object.entries(step.inputs)) {
    const place = placeOf(source, { plan, head, sources });
    if (!place) continue;
    const ref = { datastore: await containerOf(place.datastore), path: place.path };
    const kind = "step" in source ? "folder" : await kindOf(blobs, ref);
    if (!kind) {
      return {
        code: "InputNotFound",
        cause: `input ${JSON.stringify(name)} of step ${JSON.stringify(step.key)}: datastore ${place.datastore} has nothing at ${JSON.stringify(place.path)}`,
        remedy:
          "parameter" in source
            ? `upload the data, or give parameter ${JSON.stringify(source.parameter)} another place`
            : "upload the data, or correct path_on_datastore",
      };
    }
    found[name] = { uri: blobs.uri(ref), kind };
  }
  return { found };
}

/** URIs by pipeline parameter, of those that name a place, are passed as a word, and that no input of the step comes from. */
export async function findPlaces(
  { blobs, containerOf }: FindInputsDeps,
  { step, head }: Pick<StepContext, "step" | "head">,
): Promise<Record<string, string>> {
  const places: Record<string, string> = {};
  for (const given of Object.values(step.parameters)) {
    if (typeof given !== "object" || boundInput(step, given.source) !== undefined) continue;
    const place = placeGiven(head, given.source);
    if (place) places[given.source] = blobs.uri({ datastore: await containerOf(place.datastore), path: place.path });
  }
  return places;
}

/** The place an input comes from; undefined where that is an optional parameter without a value. */
function placeOf(
  source: InputSource,
  { plan, head, sources }: Pick<StepContext, "plan" | "head"> & { sources: ReadonlyMap<number, ReuseSource> },
): DataPath | undefined {
  if ("step" in source) return producedPlace(plan, sources, source);
  return "parameter" in source ? placeGiven(head, source.parameter) : source;
}

function placeGiven({ parameters }: RunHead, name: string): DataPath | undefined {
  const value = Object.hasOwn(parameters, name) ? parameters[name]?.value : undefined;
  return typeof value === "object" ? value : undefined;
}

function producedPlace(
  plan: StepContext["plan"],
  sources: ReadonlyMap<number, ReuseSource>,
  source: { step: string; output: string },
): DataPath {
  const index = plan.indexOf.get(source.step) ?? -1;
  const reused = sources.get(index)?.outputs[source.output];
  if (reused) return reused;
  const output = plan.graph.graph.steps[index]?.outputs[source.output];
  const stepRunId = plan.graph.stepRunIds[index];
  if (!output || !stepRunId) throw new Error(`run ${plan.graph.runId} has no output ${source.step}/${source.output}`);
  return outputPlace(stepRunId, source.output, output);
}

async function kindOf(blobs: BlobStore, place: DataPath): Promise<"file" | "folder" | undefined> {
  if (await blobs.stat(place)) return "file";
  const { blobs: below } = await blobs.list(place.datastore, { prefix: `${place.path}/`, limit: 1 });
  return below.length > 0 ? "folder" : undefined;
}
