import type { HostRequest, HostResponse, RegisteredFunction, Worker } from "../contract.ts";
import type { Keys } from "./keys.ts";
import type { RouteTable } from "./route-table.ts";

export interface AdminOptions {
  worker: Worker;
  routes: RouteTable;
  keys: Keys;
  origin: string;
  isDisabled: (functionName: string) => boolean;
  /** Runs a function that is not an HTTP one with this input, once; undefined if its kind cannot be run so. */
  runOnce: (f: RegisteredFunction, input: string) => Promise<void> | undefined;
}

const NOT_FOUND: HostResponse = { status: 404 };

/** What `/admin` of the real host offers that tools and test harnesses ask for. The caller has shown the master key. */
export function adminEndpoints(options: AdminOptions): (request: HostRequest, path: readonly string[]) => HostResponse {
  const startedAt = Date.now();
  const hostPaths: Record<string, () => HostResponse> = {
    status: () => json({ id: "local", state: "Running", version: "4.0.0", processUptime: Date.now() - startedAt }),
    ping: () => ({ status: 200 }),
    keys: () => json({ keys: [{ name: "default", value: options.keys.host }] }),
    systemkeys: () =>
      json({ keys: ["durabletask", "eventgrid"].map((name) => ({ name: `${name}_extension`, value: options.keys.system(name) })) }),
  };
  return (request, path) => {
    const [area, name, detail] = path.map((segment, i) =>
      i === 1 && path[0]?.toLowerCase() === "functions" ? segment : segment.toLowerCase(),
    );
    const reads = request.method === "GET";
    if (area === "host" && path.length === 2 && name !== undefined && Object.hasOwn(hostPaths, name)) {
      return reads || (name === "ping" && request.method === "POST") ? (hostPaths[name]?.() ?? NOT_FOUND) : NOT_FOUND;
    }
    if (area !== "functions") return NOT_FOUND;
    if (name === undefined) return reads ? json([...options.worker.functions.values()].map((f) => functionInfo(options, f))) : NOT_FOUND;
    const f = [...options.worker.functions.values()].find((each) => each.name.toLowerCase() === name.toLowerCase());
    if (!f) return NOT_FOUND;
    if (detail === "keys" && path.length === 3 && reads) return json({ keys: [{ name: "default", value: options.keys.function(f.name) }] });
    if (path.length > 2) return NOT_FOUND;
    if (reads) return json(functionInfo(options, f));
    return request.method === "POST" ? run(options, f, request.body) : NOT_FOUND;
  };
}

function functionInfo({ routes, origin, isDisabled }: AdminOptions, f: RegisteredFunction) {
  const route = routes.routes.find((each) => each.function === f);
  return {
    name: f.name,
    language: "node",
    isDisabled: isDisabled(f.name),
    config: { name: f.name, bindings: Object.entries(f.bindings).map(([name, binding]) => ({ ...binding, name })) },
    ...(route ? { invoke_url_template: `${origin}/${route.template}` } : {}),
  };
}

/** Answers before the function has run: its outcome is in the log. */
function run(options: AdminOptions, f: RegisteredFunction, body: Uint8Array): HostResponse {
  const input = inputOf(body);
  if (input === undefined) return { status: 400, body: 'The body must be JSON with a text "input", as {"input": "..."}.\n' };
  return options.runOnce(f, input)
    ? { status: 202 }
    : {
        status: 400,
        body: `Function "${f.name}" has a ${f.trigger.binding.type}; only timer, Event Grid and activity functions are run this way.\n`,
      };
}

function inputOf(body: Uint8Array): string | undefined {
  if (body.length === 0) return "";
  try {
    const { input } = JSON.parse(Buffer.from(body).toString()) ?? {};
    return typeof input === "string" ? input : input === undefined ? "" : undefined;
  } catch {
    return undefined;
  }
}

function json(value: unknown): HostResponse {
  return { status: 200, headers: { "content-type": "application/json; charset=utf-8" }, body: JSON.stringify(value) };
}
