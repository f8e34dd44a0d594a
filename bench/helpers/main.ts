import { ROLES } from "./roles.ts";

interface Ask {
  id: number;
  request: never;
}

/** A helper process: `helper.js <role> [arguments]`. It answers messages `{id, request}` with `{id, result}` or `{id, error}`. */
async function main(): Promise<void> {
  const [name = "", ...args] = process.argv.slice(2);
  const open = ROLES[name];
  if (!open) throw new Error(`there is no role ${name}: ${Object.keys(ROLES).join(", ")}`);
  process.on("SIGTERM", () => process.exit(0));
  process.on("disconnect", () => process.exit(0));
  const role = open(args);
  process.on("message", async ({ id, request }: Ask) => {
    try {
      process.send?.({ id, result: await (await role)(request) });
    } catch (error) {
      process.send?.({ id, error: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  });
}

await main();
