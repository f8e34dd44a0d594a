import { type HttpMethod, HttpRequest, InvocationContext } from "@azure/functions";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { routes } from "../../functions/registry.ts";
import { RunId } from "../../shared/domain/ids.ts";
import { ProblemError } from "../../shared/domain/problems.ts";
import type { StepPrincipal } from "../../shared/ports/callers.ts";
import { aGraph } from "../support/graphs.ts";
import { RunRig } from "../support/run-rig.ts";

/** How a run stands to the step whose token is shown. */
type Whose =
  | "its own run"
  | "a child run of its own"
  | "its pipeline run"
  | "another step's run"
  | "another step's child run"
  | "another pipeline run";

let rig: RunRig;
let runs: Record<Whose, string>;
let self: StepPrincipal;

function principal(stepRunId: string, runId: string): StepPrincipal {
  const id = RunId.parse(stepRunId);
  return { kind: "step", objectId: id, tenantId: "tenant", roles: [], stepRunId: id, runId: RunId.parse(runId) };
}

beforeAll(async () => {
  rig = await RunRig.open();
  rig.plans({ mine: { ends: "never" }, other: { ends: "never" } });
  const runId = await rig.submit(aGraph({ mine: [], other: [] }));
  const foreign = await rig.submit(aGraph({ mine: [] }));
  await rig.pass(1000);
  const [mine, other] = [await rig.stepRunId(runId, "mine"), await rig.stepRunId(runId, "other")];
  self = principal(mine, runId);
  const child = await rig.services.createChildRun(self, mine, { tags: {} });
  const otherChild = await rig.services.createChildRun(principal(other, runId), other, { tags: {} });
  runs = {
    "its own run": mine,
    "a child run of its own": child.id,
    "its pipeline run": runId,
    "another step's run": other,
    "another step's child run": otherChild.id,
    "another pipeline run": foreign,
  };
});
afterAll(() => rig[Symbol.asyncDispose]());

const batch = {
  batchId: "01980000-0000-7000-8000-00000000000a",
  order: 1,
  entries: [{ name: "loss", kind: "scalar", value: 1, time: "2026-07-01T00:00:00Z" }],
};

/** What a script sends to each route that takes its token. */
const requests: Record<string, { body?: unknown; bytes?: Uint8Array; query?: Record<string, string> }> = {
  getRun: {},
  patchRun: { body: { tags: { seen: "yes" } } },
  listMetrics: {},
  logMetrics: { body: batch },
  listArtifacts: {},
  getArtifact: { query: { path: "outputs/model.bin" } },
  putArtifact: { query: { path: "outputs/model.bin" }, bytes: new Uint8Array([1, 2, 3]) },
  createChildRun: { body: {} },
  listChildRuns: {},
  endRun: { body: { status: "Completed" } },
};
const ofPipelineRun = ["createChildRun", "listChildRuns", "endRun"];

async function call(routeName: string, runId: string, as: StepPrincipal | "user" = self): Promise<number> {
  const bound = routes.find(({ route }) => route.name === routeName);
  if (!bound) throw new Error(`there is no route ${routeName}`);
  const { body, bytes, query } = requests[routeName] ?? {};
  const content = bytes ?? (body === undefined ? undefined : Buffer.from(JSON.stringify(body)));
  const request = new HttpRequest({
    method: bound.route.method as HttpMethod,
    url: `http://127.0.0.1/${bound.route.path.replace("{runId}", runId)}?${new URLSearchParams(query)}`,
    params: { runId },
    headers: {
      "content-type": bytes ? "application/octet-stream" : "application/json",
      ...(content && { "content-length": String(content.length) }),
    },
    ...(content && { body: { bytes: content } }),
  });
  const verifyCaller = async () => {
    if (as === "user") throw new ProblemError({ kind: "unauthenticated", reason: "none" });
    return as;
  };
  const context = new InvocationContext({ functionName: routeName, invocationId: "i" });
  const { status = 200 } = await bound.answer({ ...rig.services, verifyCaller }, request, context);
  return status;
}

describe("a step's token", () => {
  const stepRoutes = routes.filter(({ route }) => route.stepToken).map(({ route }) => route.name);

  test("has a request here for each route that takes it", () => {
    expect(Object.keys(requests).sort()).toEqual([...stepRoutes].sort());
  });

  test.each(stepRoutes.flatMap((name) => (["its own run", "a child run of its own"] as const).map((whose) => [name, whose] as const)))(
    "may %s of %s",
    async (name, whose) => {
      if (name === "getArtifact") await call("putArtifact", runs[whose]);

      expect(await call(name, runs[whose])).toBeLessThan(300);
    },
  );

  test.each(stepRoutes)("may %s of its pipeline run, unless that is its steps' or the run's own", async (name) => {
    if (name === "getArtifact") await call("putArtifact", runs["its pipeline run"]);

    const status = await call(name, runs["its pipeline run"]);

    if (ofPipelineRun.includes(name)) expect(status).toBe(409);
    else expect(status).toBeLessThan(300);
  });

  test.each(
    stepRoutes.flatMap((name) =>
      (["another step's run", "another step's child run", "another pipeline run"] as const).map((whose) => [name, whose] as const),
    ),
  )("finds nothing when it wants to %s of %s", async (name, whose) => {
    expect(await call(name, runs[whose])).toBe(404);
  });

  test("is refused by every other route", async () => {
    for (const { route, answer } of routes) {
      if (route.stepToken) continue;
      const request = new HttpRequest({ method: route.method as HttpMethod, url: `http://127.0.0.1/${route.path}` });
      const context = new InvocationContext({ functionName: route.name, invocationId: "i" });

      const { status } = await answer({ ...rig.services, verifyCaller: async () => self }, request, context);

      expect(status, route.name).toBe(403);
    }
  });
});
