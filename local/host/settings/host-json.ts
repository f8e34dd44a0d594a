import { readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { SettingsError } from "./settings-error.ts";

const TIME_SPAN = /^(?:(\d+)\.)?(\d{1,2}):(\d{2}):(\d{2})$/;
/** As in the real host on plans without a limit of their own. */
const DEFAULT_TIMEOUT = "00:30:00";

const LEVELS = ["Trace", "Debug", "Information", "Warning", "Error", "Critical", "None"] as const;
export type LogLevelName = (typeof LEVELS)[number];
const LogLevelName = z.string().transform((text, context): LogLevelName => {
  const level = LEVELS.find((each) => each.toLowerCase() === text.toLowerCase());
  if (level) return level;
  context.addIssue({ code: "custom", message: `"${text}" is none of ${LEVELS.join(", ")}` });
  return z.NEVER;
});

/** `[d.]hh:mm:ss`, as seconds; "-1" is no limit and comes out as undefined. */
const Timeout = z.string().transform((text, context): number | undefined => {
  if (text === "-1") return undefined;
  const [, days = "0", hours, minutes, seconds] = TIME_SPAN.exec(text) ?? [];
  if (hours !== undefined) return ((Number(days) * 24 + Number(hours)) * 60 + Number(minutes)) * 60 + Number(seconds);
  context.addIssue({ code: "custom", message: `"${text}" is no time span; write hh:mm:ss, as "00:10:00", or "-1" for no limit` });
  return z.NEVER;
});

const limit = z
  .number()
  .int()
  .min(-1)
  .transform((n) => (n < 0 ? undefined : n))
  .optional();

const positive = z.number().int().positive().optional();

/** The parts of host.json that this host acts on; others are for the cloud and pass unread. */
const HostJson = z.looseObject({
  version: z.literal("2.0", { error: 'must be "2.0"' }),
  functionTimeout: Timeout.prefault(DEFAULT_TIMEOUT),
  logging: z.looseObject({ logLevel: z.record(z.string(), LogLevelName).default({}) }).prefault({}),
  extensions: z
    .looseObject({
      http: z
        .looseObject({ routePrefix: z.string().default("api"), maxConcurrentRequests: limit, maxOutstandingRequests: limit })
        .prefault({}),
      durableTask: z
        .looseObject({
          hubName: z.string().optional(),
          maxConcurrentActivityFunctions: positive,
          maxConcurrentOrchestratorFunctions: positive,
        })
        .prefault({}),
    })
    .prefault({}),
});
export type HostJson = z.output<typeof HostJson>;

/**
 * Reads and checks an app's host.json.
 * @throws {SettingsError} naming the file and each key that is wrong.
 */
export function readHostJson(appRoot: string): HostJson {
  const path = join(appRoot, "host.json");
  return parseJsonFile(path, HostJson, 'every Functions app has one, with at least { "version": "2.0" }');
}

/** A JSON file through a schema; `hint` is said when the file cannot be read. */
export function parseJsonFile<T>(path: string, schema: z.ZodType<T>, hint: string): T {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8").replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw new SettingsError(`${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)} (${hint}).`, { cause });
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const problems = result.error.issues.map((issue) => `"${issue.path.join(".") || "(the whole file)"}": ${issue.message}`);
  throw new SettingsError(`${path} is not right. ${problems.join("; ")}.`);
}
