import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import { MAX_PROBLEMS, type ProblemDetail } from "../domain/problems.ts";
import type { SnapshotManifest } from "../domain/snapshot-manifest.ts";
import type { Catalog } from "./catalog.ts";

export interface CheckReferencesDeps {
  catalog: Catalog;
  /** Absent: snapshots and the files in them are taken on trust. */
  findSnapshot?: (snapshotId: string) => Promise<SnapshotManifest | undefined>;
}

/**
 * Finds what a graph names and the workspace has not: computes, datastores, snapshots and the scripts in them. Each name is looked up once.
 * Pointers are relative to the graph.
 */
export async function checkReferences({ catalog, findSnapshot }: CheckReferencesDeps, pipeline: PipelineGraph): Promise<ProblemDetail[]> {
  const compute = once((name) => catalog.find("computes", name));
  const datastore = once((name) => catalog.find("datastores", name));
  const snapshot = once(async (id) => {
    const manifest = await findSnapshot?.(id);
    return manifest && new Set(manifest.files.map((file) => file.path));
  });
  const problems: ProblemDetail[] = [];
  const missing = async (pointer: string, kind: "computes" | "datastores", name: string) => {
    if (problems.length >= MAX_PROBLEMS || (await (kind === "computes" ? compute(name) : datastore(name)))) return;
    problems.push({ pointer, ...(await notInCatalog(catalog, kind, name)) });
  };
  if (pipeline.defaultCompute) await missing("/defaultCompute", "computes", pipeline.defaultCompute);
  for (const [index, step] of pipeline.steps.entries()) {
    const at = `/steps/${index}`;
    if (step.compute) await missing(`${at}/compute`, "computes", step.compute);
    for (const [name, { source }] of Object.entries(step.inputs))
      if ("datastore" in source) await missing(`${at}/inputs/${name}/source/datastore`, "datastores", source.datastore);
    for (const [name, output] of Object.entries(step.outputs))
      await missing(`${at}/outputs/${name}/datastore`, "datastores", output.datastore);
    if (step.snapshotId === undefined || !findSnapshot) continue;
    const files = await snapshot(step.snapshotId);
    if (!files)
      problems.push({
        pointer: `${at}/snapshotId`,
        message: `the workspace has no snapshot ${step.snapshotId}`,
        remedy: "upload it first (POST /api/snapshots)",
      });
    else if (step.type === "PythonScriptStep" && !files.has(step.scriptName))
      problems.push({
        pointer: `${at}/scriptName`,
        message: `the snapshot of step ${JSON.stringify(step.key)} has no file ${JSON.stringify(step.scriptName)}`,
        remedy: nearest(step.scriptName, files),
      });
  }
  return problems;
}

/** What is said of a compute or datastore that is not there. */
export async function notInCatalog(
  catalog: Catalog,
  kind: "computes" | "datastores",
  name: string,
): Promise<Omit<ProblemDetail, "pointer">> {
  const names = (await catalog.list(kind)).map((entry) => entry.name);
  return {
    message: `the workspace has no ${kind.slice(0, -1)} ${JSON.stringify(name)}`,
    remedy: `known: ${names.join(", ") || "none"}`,
  };
}

function once<T>(look: (name: string) => Promise<T>): (name: string) => Promise<T> {
  const seen = new Map<string, Promise<T>>();
  return (name) => {
    const found = seen.get(name) ?? look(name);
    seen.set(name, found);
    return found;
  };
}

function nearest(wanted: string, files: ReadonlySet<string>): string {
  const scripts = [...files].filter((file) => file.endsWith(".py")).slice(0, 10);
  const base = wanted.split("/").at(-1);
  const same = [...files].find((file) => file.split("/").at(-1)?.toLowerCase() === base?.toLowerCase());
  if (same) return `did you mean ${JSON.stringify(same)}?`;
  return scripts.length > 0 ? `it has: ${scripts.join(", ")}` : "it has no Python file; is it ignored by .amlignore?";
}
