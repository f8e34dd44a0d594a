import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { StartError } from "../start-error.ts";
import { AZURITE_VERSION, hasAzurite } from "./server.ts";

/**
 * Installs what a plain start leaves out, Azurite with it, unless it is there. Everything that runs is bundled, so a package that is
 * replaced meanwhile disturbs nothing.
 * @throws {StartError} when the registry cannot be reached, say.
 */
export function installAzurite(root: string): void {
  if (hasAzurite()) return;
  process.stderr.write(`Azurite ${AZURITE_VERSION} is not installed yet. `);
  const { status } = spawnSync(process.execPath, [join(root, "scripts", "bootstrap.mjs"), "--dev"], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  if (status !== 0 || !hasAzurite())
    throw new StartError(
      `Azurite ${AZURITE_VERSION} could not be installed`,
      "run node scripts/bootstrap.mjs --dev where npm reaches its registry, or start without --storage azurite",
    );
}
