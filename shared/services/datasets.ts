import type { RegisterDatasetRequest } from "../api/requests.ts";
import { Dataset, DatasetId, hasSameContent } from "../domain/dataset.ts";
import type { DatasetReference } from "../domain/pipeline-parameter.ts";
import { ProblemError } from "../domain/problems.ts";
import type { Principal } from "../ports/callers.ts";
import type { Clock } from "../ports/clock.ts";
import type { DatasetStore } from "../ports/dataset-store.ts";
import { callerOf } from "./caller-of.ts";
import type { Catalog } from "./catalog.ts";

export interface DatasetsDeps {
  datasets: DatasetStore;
  catalog: Catalog;
  clock: Clock;
}

/**
 * Registers a place under a name: as its first version, as a new one, or as the latest that says the same already.
 * @returns the version, and whether it was added.
 * @throws {ProblemError} `invalid-request` for a datastore that is not there; `conflict` when the name leads elsewhere and no new version was asked for.
 */
export const registerDataset =
  ({ datasets, catalog, clock }: DatasetsDeps) =>
  async (
    caller: Principal,
    { createNewVersion, id, ...request }: RegisterDatasetRequest,
  ): Promise<{ dataset: Dataset; added: boolean }> => {
    await assertDatastore(catalog, request.datastore);
    for (;;) {
      const latest = await datasets.byName(request.name);
      if (latest && hasSameContent(latest, request) && (id === undefined || id === latest.id)) return { dataset: latest, added: false };
      if (latest && !createNewVersion) throw leadsElsewhere(latest);
      const dataset = Dataset.parse({
        ...request,
        id: id ?? DatasetId.parse(clock.newId()),
        version: (latest?.version ?? 0) + 1,
        createdAt: new Date(clock.now()).toISOString(),
        createdBy: callerOf(caller),
      });
      const outcome = await datasets.add(dataset);
      if (outcome === "id-taken")
        throw new ProblemError({
          kind: "conflict",
          message: `dataset id ${dataset.id} is in use`,
          remedy: "leave the id out, and one is made",
        });
      if (outcome === "version-taken") continue; // somebody else was first: theirs may be the same, or ours comes after it
      await datasets.durable();
      return { dataset, added: true };
    }
  };

async function assertDatastore(catalog: Catalog, datastore: string): Promise<void> {
  if (await catalog.find("datastores", datastore)) return;
  const names = (await catalog.list("datastores")).map(({ name }) => name);
  throw new ProblemError({
    kind: "invalid-request",
    errors: [
      {
        pointer: "/datastore",
        message: `the workspace has no datastore ${JSON.stringify(datastore)}`,
        remedy: `known: ${names.join(", ") || "none"}`,
      },
    ],
  });
}

function leadsElsewhere({ name, version, datastore, path, type }: Dataset): ProblemError {
  return new ProblemError({
    kind: "conflict",
    message: `dataset ${JSON.stringify(name)} is there: version ${version}, a ${type} dataset, lies in ${datastore} at ${JSON.stringify(path)}`,
    remedy: 'send "createNewVersion": true for a new version, or choose another name',
  });
}

/** The version that a reference means. @throws {ProblemError} not-found */
export const getDataset =
  ({ datasets }: Pick<DatasetsDeps, "datasets">) =>
  async (idOrName: string, version: number | undefined): Promise<Dataset> => {
    const isId = DatasetId.safeParse(idOrName).success;
    const found = isId ? await datasets.byId(idOrName.toLowerCase()) : await datasets.byName(idOrName, version);
    if (found && (version === undefined || found.version === version)) return found;
    const latest = found ?? (isId ? undefined : await datasets.byName(idOrName));
    const remedy = latest ? `its latest version is ${latest.version}` : "register it with POST /api/datasets; GET /api/datasets lists all";
    throw new ProblemError(
      latest && version !== undefined
        ? { kind: "not-found", what: "version", id: String(version), within: `dataset ${JSON.stringify(latest.name)}`, remedy }
        : { kind: "not-found", what: "dataset", id: idOrName, remedy },
    );
  };

/** The registered dataset that a reference names, if there is one; a place is no reference. */
export async function findDataset(
  datasets: DatasetStore,
  reference: Exclude<DatasetReference, { datastore: string }>,
): Promise<Dataset | undefined> {
  return "id" in reference ? await datasets.byId(reference.id) : await datasets.byName(reference.name, reference.version);
}

/** Latest versions in order of name, or all versions of one name, newest first; a page of them. */
export const listDatasets =
  ({ datasets }: Pick<DatasetsDeps, "datasets">) =>
  async ({ name, limit, cursor }: { name?: string | undefined; limit: number; cursor?: string | undefined }) => {
    const page =
      name === undefined
        ? await datasets.list({ after: cursor, limit })
        : await datasets.versions(name, { limit, ...(cursor !== undefined && { after: versionAt(cursor) }) });
    return { datasets: page.items, ...(page.next !== undefined && { cursor: page.next }) };
  };

function versionAt(cursor: string): number {
  if (/^\d{1,9}$/.test(cursor)) return Number(cursor);
  throw new ProblemError({
    kind: "invalid-request",
    errors: [
      { pointer: "/query/cursor", message: "this is no cursor of a list of versions", remedy: "give the cursor of the page before" },
    ],
  });
}
