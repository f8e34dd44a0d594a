import { z } from "zod";
import { CatalogName, RelativePath, SnapshotId } from "../../domain/ids.ts";
import { SnapshotManifest } from "../../domain/snapshot-manifest.ts";
import { queryNumber } from "../query-number.ts";
import { CheckFilesRequest } from "../requests.ts";
import { FileList, SnapshotResource, UploadTarget } from "../resources.ts";
import { route } from "../route.ts";

/** Bytes of one part of an upload at the most. */
export const PART_BYTES = 8 * 1024 * 1024;

export const createSnapshot = route({
  name: "createSnapshot",
  method: "POST",
  path: "api/snapshots",
  summary: "Makes a snapshot of files the server has, or says which it lacks (200); upload those in packs and ask again (201)",
  role: "Submitter",
  body: SnapshotManifest,
  maxBodyBytes: 32 * 1024 * 1024,
  replies: { 200: SnapshotResource, 201: SnapshotResource },
});

export const getSnapshot = route({
  name: "getSnapshot",
  method: "GET",
  path: "api/snapshots/{snapshotId}",
  summary: "Shows which files a snapshot holds",
  role: "Reader",
  params: z.object({ snapshotId: SnapshotId }),
  replies: { 200: SnapshotManifest },
});

export const createUpload = route({
  name: "createUpload",
  method: "POST",
  path: "api/uploads",
  summary: "Begins an upload in parts; it expires unless it is committed within a day",
  role: "Submitter",
  body: z.strictObject({ size: z.int().nonnegative() }),
  replies: { 201: z.object({ uploadId: z.guid(), partBytes: z.int() }) },
});

export const putUploadPart = route({
  name: "putUploadPart",
  method: "PUT",
  path: "api/uploads/{uploadId}/parts/{part}",
  summary: "Sends one part, counted from 0; all but the last have partBytes bytes. Sending again replaces it",
  role: "Submitter",
  params: z.object({ uploadId: z.guid(), part: queryNumber(z.number().int().min(0).max(49_999)) }),
  body: "bytes",
  maxBodyBytes: PART_BYTES,
  replies: { 204: undefined },
});

export const commitUpload = route({
  name: "commitUpload",
  method: "POST",
  path: "api/uploads/{uploadId}/commit",
  summary: "Checks the bytes against their hashes and makes them visible as a pack or as a file of a datastore",
  role: "Submitter",
  params: z.object({ uploadId: z.guid() }),
  body: UploadTarget,
  maxBodyBytes: 16 * 1024 * 1024,
  replies: { 204: undefined },
});

export const checkFiles = route({
  name: "checkFiles",
  method: "POST",
  path: "api/datastores/{name}/files/check",
  summary: "Says which of these files the datastore lacks or holds with other bytes",
  role: "Reader",
  params: z.object({ name: CatalogName }),
  body: CheckFilesRequest,
  maxBodyBytes: 16 * 1024 * 1024,
  replies: { 200: z.object({ missing: z.array(z.string()) }) },
});

export const listFiles = route({
  name: "listFiles",
  method: "GET",
  path: "api/datastores/{name}/files",
  summary: "Lists files of a datastore in order of path",
  role: "Reader",
  params: z.object({ name: CatalogName }),
  query: z.object({
    prefix: z.string().max(1024).optional(),
    cursor: z.string().max(1100).optional(),
    limit: queryNumber(z.number().int().min(1).max(1000)).default(1000),
  }),
  replies: { 200: FileList },
});

export const getFile = route({
  name: "getFile",
  method: "GET",
  path: "api/datastores/{name}/files/content",
  summary: "Reads one file of a datastore; honours one byte range",
  role: "Reader",
  params: z.object({ name: CatalogName }),
  query: z.object({ path: RelativePath }),
  headers: z.object({ range: z.string().max(1024).optional() }),
  replies: { 200: "bytes", 206: "bytes" },
});
