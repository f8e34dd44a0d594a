import { z } from "zod";
import { AssetName, PlainText } from "./ids.ts";
import { DataPath } from "./pipeline-parameter.ts";
import { Caller, Instant, Tags } from "./run-documents.ts";

export const DatasetId = z.guid("a dataset id is a GUID").toLowerCase().brand<"DatasetId">();
export type DatasetId = z.infer<typeof DatasetId>;

/** One version of a registered dataset: a place in a datastore under a name. Each version has an id of its own, as in v1. */
export const Dataset = z.strictObject({
  id: DatasetId,
  name: AssetName,
  /** Counts from 1. */
  version: z.int().positive(),
  /** v1's FileDataset or TabularDataset; a script gets a path either way. */
  type: z.enum(["file", "tabular"]),
  ...DataPath.shape,
  description: PlainText.max(4096).optional(),
  tags: Tags,
  createdAt: Instant,
  createdBy: Caller,
});
export type Dataset = z.infer<typeof Dataset>;

/** Whether two versions say the same of where the data lies. */
export function hasSameContent(a: Pick<Dataset, "type" | "datastore" | "path">, b: Pick<Dataset, "type" | "datastore" | "path">): boolean {
  return a.type === b.type && a.datastore === b.datastore && a.path === b.path;
}
