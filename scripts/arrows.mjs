// Holds the arrows of the architecture: which folder may import which. Run by `npm run arrows`, and part of `verify`.
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, relative } from "node:path";
import { fileURLToPath } from "node:url";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** For each room, the rooms it may import from beside itself; the longest prefix that fits names a file's room. */
const MAY_IMPORT = {
  "shared/domain": [],
  "shared/api": ["shared/domain"],
  "shared/ports": ["shared/domain"],
  "shared/services": ["shared/domain", "shared/api", "shared/ports"],
  "shared/adapters": ["shared/domain", "shared/ports"],
  "shared/settings.ts": ["shared/domain"],
  "shared/composition.ts": ["shared/domain", "shared/api", "shared/ports", "shared/services", "shared/adapters", "shared/settings.ts"],
  "functions/orchestrators": ["shared/domain"],
  functions: ["functions/orchestrators", "shared/domain", "shared/api", "shared/ports", "shared/services", "shared/composition.ts"],
  "functions/main.ts": ["functions", "shared/composition.ts", "shared/settings.ts"],
  sdk: ["shared/api", "shared/domain"],
  cli: ["sdk", "shared/api", "shared/domain"],
  "local/host": [],
  "local/clouds": [],
  local: ["local/host", "local/clouds", "cli", "sdk", "shared/api", "shared/domain"],
};
/** Packages that a room may use; a room that is not named here may use any. */
const MAY_USE = { "shared/domain": ["zod", "croner"], "functions/orchestrators": ["durable-functions", "zod"], "shared/ports": [] };
/** Rooms whose folders must not import one another. */
const APART = ["shared/adapters", "local/clouds"];
/** What siblings of {@link APART} may share all the same. */
const COMMON = /^local\/clouds\/(specs\/|[a-z-]+\.ts)/;

const findings = ["shared", "functions", "sdk", "cli", "local"].flatMap((folder) => sources(join(ROOT, folder))).flatMap(check);
for (const finding of findings) console.error(finding);
console.log(
  findings.length === 0
    ? "every import follows the arrows"
    : `${findings.length} imports go against the arrows (style: one room per concern)`,
);
process.exitCode = findings.length === 0 ? 0 : 1;

function check(file) {
  const from = relative(ROOT, file);
  const room = roomOf(from);
  return imports(file).flatMap(([specifier, line]) => {
    const at = `${from}:${line}`;
    if (!specifier.startsWith(".")) {
      const allowed = MAY_USE[room];
      return !allowed || (specifier.startsWith("node:") === false && allowed.includes(packageOf(specifier)))
        ? []
        : [`${at}: ${room} may not use ${specifier}`];
    }
    const to = relative(ROOT, normalize(join(dirname(file), specifier)));
    const target = roomOf(to);
    if (target === undefined) return [`${at}: ${to} is outside the rooms`];
    if (target !== room) return MAY_IMPORT[room].includes(target) ? [] : [`${at}: ${room} may not import ${to}`];
    if (!APART.includes(room) || COMMON.test(from) || COMMON.test(to)) return [];
    return partOf(from, room) === partOf(to, room)
      ? []
      : [`${at}: ${partOf(from, room)} and ${partOf(to, room)} of ${room} must not know one another`];
  });
}
function roomOf(path) {
  return Object.keys(MAY_IMPORT)
    .filter((room) => path === room || path.startsWith(`${room}/`))
    .sort((a, b) => b.length - a.length)[0];
}
function partOf(path, room) {
  return path.slice(room.length + 1).split("/")[0];
}
function packageOf(specifier) {
  return specifier
    .split("/")
    .slice(0, specifier.startsWith("@") ? 2 : 1)
    .join("/");
}
function imports(file) {
  const text = readFileSync(file, "utf8");
  return [...text.matchAll(/(?:\bfrom\s+|\bimport\s+|\bimport\(\s*|\brequire\(\s*)["']([^"']+)["']/g)].map((match) => [
    match[1],
    text.slice(0, match.index).split("\n").length,
  ]);
}
function sources(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sources(path) : entry.name.endsWith(".ts") ? [path] : [];
  });
}
