import { z } from "zod";

const Scalar = z.union([z.number(), z.string().max(1024), z.boolean(), z.null()]);

/**
 * One call of a script's `log*`, as v1 has it: `scalar` for `log` (a repeated name is a series), `list` for `log_list`,
 * `row` for `log_row` (a repeated name is a table that grows), `table` for `log_table`, `image` for `log_image`
 * (`value` is the artifact's path). NaN and the infinities travel as the texts "NaN", "Infinity", "-Infinity".
 */
export const MetricEntry = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("scalar"),
    name: z.string().min(1).max(255),
    value: Scalar,
    time: z.iso.datetime(),
    step: z.int().optional(),
    description: z.string().max(1024).optional(),
  }),
  z.strictObject({
    kind: z.literal("list"),
    name: z.string().min(1).max(255),
    value: z.array(Scalar).max(10_000),
    time: z.iso.datetime(),
    description: z.string().max(1024).optional(),
  }),
  z.strictObject({
    kind: z.literal("row"),
    name: z.string().min(1).max(255),
    value: z.record(z.string().max(255), Scalar),
    time: z.iso.datetime(),
    description: z.string().max(1024).optional(),
  }),
  z.strictObject({
    kind: z.literal("table"),
    name: z.string().min(1).max(255),
    value: z.record(z.string().max(255), z.union([Scalar, z.array(Scalar).max(10_000)])),
    time: z.iso.datetime(),
    description: z.string().max(1024).optional(),
  }),
  z.strictObject({
    kind: z.literal("image"),
    name: z.string().min(1).max(255),
    value: z.string().max(1024),
    time: z.iso.datetime(),
    description: z.string().max(1024).optional(),
  }),
]);
export type MetricEntry = z.infer<typeof MetricEntry>;

/** Entries sent together. Sending a batch again under its id stores it once. `order` sorts batches of one run: a number that grows. */
export const MetricBatch = z.strictObject({
  batchId: z.guid(),
  order: z.int().nonnegative(),
  entries: z.array(MetricEntry).min(1).max(1000),
});
export type MetricBatch = z.infer<typeof MetricBatch>;
