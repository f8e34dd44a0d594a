import { basename, extname } from "node:path";
import type { PipelineFile } from "./yaml/pipeline-file.ts";

/** An experiment's name has letters, digits, `-` and `_` alone; what else a name has becomes `-`. */
export function experimentNameFor(pipeline: Pick<PipelineFile, "name">, file: string): string {
  const slug = (text: string): string =>
    text
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .replace(/[^A-Za-z0-9_-]+/g, "-")
      .replace(/^[-_]+|-+$/g, "")
      .slice(0, 255);
  return slug(pipeline.name ?? "") || slug(basename(file, extname(file))) || "pipeline";
}
