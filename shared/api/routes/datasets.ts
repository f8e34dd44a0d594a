import { z } from "zod";
import { Dataset, DatasetId } from "../../domain/dataset.ts";
import { AssetName } from "../../domain/ids.ts";
import { queryNumber } from "../query-number.ts";
import { RegisterDatasetRequest } from "../requests.ts";
import { route } from "../route.ts";

const DatasetResource = Dataset.meta({ id: "Dataset" });

export const registerDataset = route({
  name: "registerDataset",
  method: "POST",
  path: "api/datasets",
  summary: "Registers a place in a datastore as a dataset, or finds the version that is that place already",
  role: "Author",
  body: RegisterDatasetRequest,
  replies: { 200: DatasetResource, 201: DatasetResource },
});

export const listDatasets = route({
  name: "listDatasets",
  method: "GET",
  path: "api/datasets",
  summary: "Lists datasets in order of name, each by its latest version; or all versions of one name, the latest first",
  role: "Reader",
  query: z.object({
    name: AssetName.optional(),
    limit: queryNumber(z.number().int().min(1).max(1000)).default(50),
    cursor: z.string().min(1).max(255).optional(),
  }),
  replies: { 200: z.object({ datasets: z.array(DatasetResource), cursor: z.string().optional() }) },
});

export const getDataset = route({
  name: "getDataset",
  method: "GET",
  path: "api/datasets/{idOrName}",
  summary: "Shows one version of a dataset, by its id, or by name (the latest unless a version is named)",
  role: "Reader",
  params: z.object({ idOrName: z.union([DatasetId, AssetName]) }),
  query: z.object({ version: queryNumber(z.number().int().min(1).max(Number.MAX_SAFE_INTEGER)).optional() }),
  replies: { 200: DatasetResource },
});
