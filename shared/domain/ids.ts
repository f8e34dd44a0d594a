import { z } from "zod";

/** A run of any kind: any GUID, as in v1; those we mint are of version 7 (RFC 9562 §5.7), so they sort by time. */
export const RunId = z.guid("a run id is a GUID").toLowerCase().brand<"RunId">();
export type RunId = z.infer<typeof RunId>;

/** The run that a pipeline run belongs below, as its caller says: v1's own ids among them, which are not always GUIDs. */
export const ParentRunId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_.-]{0,254}$/, "letters, digits, '-', '_' and '.', starting with a letter or digit, 255 at most");
export type ParentRunId = z.infer<typeof ParentRunId>;

/** Identity of a snapshot: sha256 over its canonical manifest, 64 lower-case hexadecimal digits. */
export const SnapshotId = z
  .string()
  .regex(/^[0-9a-f]{64}$/, "a snapshot id is 64 lower-case hexadecimal digits")
  .brand<"SnapshotId">();
export type SnapshotId = z.infer<typeof SnapshotId>;

/** sha256 of a file's bytes, 64 lower-case hexadecimal digits. */
export const Sha256 = z.string().regex(/^[0-9a-f]{64}$/, "64 lower-case hexadecimal digits");
export type Sha256 = z.infer<typeof Sha256>;

/** A text that can become a word of a command line, a value of an environment variable or a line on a terminal: whole characters, none of them NUL. */
export const PlainText = z.string().refine((text) => text.isWellFormed() && !text.includes("\0"), "no NUL and no half of a surrogate pair");

/** Key of a step in its pipeline; unique there, chosen by the author, shown wherever a step is named. */
export const StepKey = z
  .string()
  .min(1)
  .max(255)
  .regex(/^[^\p{Cc}\p{Cs}]*$/u, "no control characters and no half of a surrogate pair")
  // The same in what every reader of the OpenAPI document understands; half a pair cannot be said there.
  .meta({ pattern: String.raw`^[^\u0000-\u001f\u007f-\u009f]{1,255}$` });
export type StepKey = z.infer<typeof StepKey>;

/** Name of an input, output or parameter: becomes part of an environment variable and of `${{inputs.name}}`. */
export const PortName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]{0,254}$/, "letters, digits and underscores, not starting with a digit");
export type PortName = z.infer<typeof PortName>;

/** Name of a compute, datastore or environment in the catalog (Azure ML's rule for asset names). */
export const CatalogName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$/, "letters, digits, '-' and '_', starting with a letter or digit");
export type CatalogName = z.infer<typeof CatalogName>;

/** Experiment name; an unknown one is created silently, as in v1. */
export const ExperimentName = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,254}$/, "letters, digits, '-' and '_', starting with a letter or digit, 255 at most");
export type ExperimentName = z.infer<typeof ExperimentName>;

/**
 * Name of a dataset or a pipeline endpoint: stands for one thing in a URL, in which an id may stand too, so it is no GUID. Characters that a URL or a
 * store's key gives a meaning of its own are not in it.
 */
export const AssetName = z
  .string()
  .regex(
    /^(?![0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$)[A-Za-z0-9](?:[A-Za-z0-9 ._-]{0,198}[A-Za-z0-9_-])?$/,
    "letters, digits, blanks, '.', '-' and '_', 200 at most, first a letter or digit, last no blank or '.', and no GUID",
  );
export type AssetName = z.infer<typeof AssetName>;

/** UTF-8 bytes of one part of a path that every file system takes. */
export const PATH_PART_BYTES = 255;

/**
 * Path below the root of a datastore or snapshot: `/` between parts of at most {@link PATH_PART_BYTES}, no empty, `.` or `..` part, no backslash,
 * no control characters.
 */
export const RelativePath = relativePath(1024);
export type RelativePath = z.infer<typeof RelativePath>;

/** Path of a file that a run left, below the run's own folder: `ExperimentRun/dcid.<run>_<attempt>/` comes before it in its datastore. */
export const ArtifactPath = relativePath(960);
export type ArtifactPath = z.infer<typeof ArtifactPath>;

function relativePath(characters: number) {
  return (
    z
      .string()
      .min(1)
      .max(characters)
      .refine(
        (path) => isSafeRelativePath(path),
        "a relative path with '/' between its parts (255 bytes each); no '..', '.', '\\', empty part or control character",
      )
      // What of the rule a pattern can say, for readers of the OpenAPI document; lengths of parts are counted in bytes.
      .meta({
        pattern: String.raw`^(?!\.{1,2}(/|$))[^/\\\u0000-\u001f\u007f-\u009f\ufffe\uffff]{1,255}(/(?!\.{1,2}(/|$))[^/\\\u0000-\u001f\u007f-\u009f\ufffe\uffff]{1,255})*$`,
      })
  );
}

/** The rule of {@link RelativePath} as a predicate. */
export function isSafeRelativePath(path: string): boolean {
  return (
    path.isWellFormed() &&
    !/[\\\p{Cc}\uFFFE\uFFFF]/u.test(path) &&
    path.split("/").every((part) => part !== "" && part !== "." && part !== ".." && fitsFileSystem(part))
  );
}

/** A UTF-16 unit makes three bytes at the most, so short parts need no counting. */
function fitsFileSystem(part: string): boolean {
  return part.length <= PATH_PART_BYTES / 3 || new TextEncoder().encode(part).length <= PATH_PART_BYTES;
}
