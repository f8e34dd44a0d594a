import { z } from "zod";
import { AssetName, CatalogName, PlainText, RelativePath } from "./ids.ts";

const Text = PlainText.max(65_536);
/** Values that a parameter may be restricted to, at the most. */
export const MAX_ALLOWED_VALUES = 1000;

/** Value of a pipeline or step parameter that is no place: a word of the command line. */
export const ParameterValue = z.union([Text, z.number(), z.boolean()]);
export type ParameterValue = z.infer<typeof ParameterValue>;

/** A place in a datastore, as a `DataReference` or `DataPath` of v1 names it. */
export const DataPath = z.strictObject({ datastore: CatalogName, path: RelativePath });
export type DataPath = z.infer<typeof DataPath>;

/** A registered dataset by the id of one version, or by name (`version` absent: the latest at submit); or a place that nobody registered. */
export const DatasetReference = z.union([
  z.strictObject({ id: z.guid().toLowerCase() }),
  z.strictObject({ name: AssetName, version: z.int().positive().optional() }),
  DataPath,
]);
export type DatasetReference = z.infer<typeof DatasetReference>;

/** What a caller may give a parameter. */
export const GivenValue = z.union([ParameterValue, ...DatasetReference.options]);
export type GivenValue = z.infer<typeof GivenValue>;

/** Without a default and not optional, a submit must give a value. An optional one has no default: unless a value is given, it has none. */
const optional = z.boolean().optional();
const numeric = (number: z.ZodNumber) => ({
  default: number.optional(),
  optional,
  allowed: z.array(number).min(1).max(MAX_ALLOWED_VALUES).optional(),
  minimum: number.optional(),
  maximum: number.optional(),
});

/** A pipeline parameter. What does not go together in one (a default out of its range) `checkDeclarations` says. */
export const PipelineParameter = z.discriminatedUnion("type", [
  z.strictObject({
    type: z.literal("string"),
    default: Text.optional(),
    optional,
    allowed: z.array(Text).min(1).max(MAX_ALLOWED_VALUES).optional(),
  }),
  z.strictObject({ type: z.literal("int"), ...numeric(z.int()) }),
  z.strictObject({ type: z.literal("float"), ...numeric(z.number()) }),
  z.strictObject({ type: z.literal("bool"), default: z.boolean().optional(), optional }),
  z.strictObject({ type: z.literal("datapath"), default: DataPath.optional(), optional }),
  z.strictObject({ type: z.literal("dataset"), default: DatasetReference.optional(), optional }),
]);
export type PipelineParameter = z.infer<typeof PipelineParameter>;

/** Whether values of the parameter are places, which an input can come from. */
export function isPlace({ type }: PipelineParameter): boolean {
  return type === "datapath" || type === "dataset";
}
