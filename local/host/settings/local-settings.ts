import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { parseJsonFile } from "./host-json.ts";

const Value = z.union([z.string(), z.number(), z.boolean()]).transform(String);

/** local.settings.json of Core Tools: `Values` become environment variables. */
const LocalSettings = z.looseObject({
  IsEncrypted: z.literal(false, { error: "must be false: this host has no key to decrypt with" }).default(false),
  Values: z.record(z.string(), Value).default({}),
  Host: z.looseObject({ LocalHttpPort: z.number().int().min(0).max(65_535).optional() }).default({}),
});
export type LocalSettings = z.output<typeof LocalSettings>;

/** @throws {SettingsError} naming the key that is wrong. A missing file is an empty one. */
export function readLocalSettings(appRoot: string): LocalSettings {
  const path = join(appRoot, "local.settings.json");
  if (!existsSync(path)) return LocalSettings.parse({});
  return parseJsonFile(path, LocalSettings, 'it holds { "IsEncrypted": false, "Values": { … } }');
}
