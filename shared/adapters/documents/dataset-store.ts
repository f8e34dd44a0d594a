import { z } from "zod";
import { Dataset } from "../../domain/dataset.ts";
import type { DatasetStore } from "../../ports/dataset-store.ts";
import { encodeDocument } from "../../ports/document-rules.ts";
import type { Documents } from "../../ports/documents.ts";
import { parseOnce } from "./parse-once.ts";
import { readable } from "./readable.ts";

const NAMES = "datasets";
const IDS = "dataset-ids";
/** Where the version of an id lies. */
const Pointer = z.strictObject({ name: z.string(), version: z.int() });

/**
 * Datasets over {@link Documents}: a partition of versions for each name, so that a version is added by creating the next one; the names; and by
 * id where its version lies. A pointer whose version is another's was left by somebody who came second or died, and counts for nothing.
 */
export function createDatasetStore(documents: Documents): DatasetStore {
  const versionsOf = (name: string) => `dataset:${name}`;
  const keyOf = (version: number) => String(version).padStart(9, "0");

  const read = async (name: string, version: number): Promise<Dataset | undefined> => {
    const [pk, sk] = [versionsOf(name), keyOf(version)];
    const stored = await documents.read(pk, sk);
    return stored && readable(parseOnce(Dataset, stored.value), pk, sk);
  };
  const byId = async (id: string): Promise<Dataset | undefined> => {
    const stored = await documents.read(IDS, id);
    if (!stored) return undefined;
    const { name, version } = readable(Pointer.safeParse(stored.value), IDS, id);
    const dataset = await read(name, version);
    return dataset?.id === id ? dataset : undefined;
  };
  const versions: DatasetStore["versions"] = async (name, { after, limit }) => {
    const page = await documents.list(versionsOf(name), {
      descending: true,
      limit,
      ...(after !== undefined && { after: keyOf(after) }),
    });
    const items = page.items.map(({ sk, value }) => readable(Dataset.safeParse(value), versionsOf(name), sk));
    return { items, ...(page.next !== undefined && { next: page.next }) };
  };
  /** Makes the id lead to this version, unless it leads to another that is there. */
  const point = async ({ id, name, version }: Dataset): Promise<boolean> => {
    for (;;) {
      if (await documents.create(IDS, id, { name, version })) return true;
      if (await byId(id)) return false;
      const there = await documents.read(IDS, id);
      if (there && (await documents.replace(IDS, id, { name, version }, there.etag))) return true;
    }
  };

  return {
    async add(dataset) {
      encodeDocument(dataset); // so that nothing is stored of one that is too large
      if (!(await point(dataset))) return "id-taken";
      await documents.create(NAMES, dataset.name, { name: dataset.name });
      const created = await documents.create(versionsOf(dataset.name), keyOf(dataset.version), dataset);
      return created ? "added" : "version-taken";
    },
    byId,
    byName: async (name, version) => (version === undefined ? (await versions(name, { limit: 1 })).items[0] : await read(name, version)),
    async list({ after, limit }) {
      const page = await documents.list(NAMES, { after, limit });
      const latest = await Promise.all(page.items.map(async ({ sk }) => (await versions(sk, { limit: 1 })).items[0]));
      return { items: latest.filter((dataset) => dataset !== undefined), ...(page.next !== undefined && { next: page.next }) };
    },
    versions,
    durable: () => documents.durable(),
  };
}
