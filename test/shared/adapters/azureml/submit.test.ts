import { describe, expect, test } from "vitest";
import { aBackend, aJob, armError, COMMAND, contractErrors, KEY, never, nothing, WORKSPACE } from "./service.ts";

const created = () => ({ status: 201 });

describe("submit", () => {
  test("registers the snapshot and the environment, then starts the job, each as the published contract has it", async () => {
    const { backend, asked } = await aBackend(created);

    const job = await backend.submit(aJob(), nothing, never);

    const [code, environment] = asked.slice(0, 2).sort((a, b) => (a.path < b.path ? -1 : 1));
    expect(job).toEqual({ backend: "azureml", id: KEY });
    expect(code?.path).toBe(`${WORKSPACE}/codes/snapshot-${"ab".repeat(32)}/versions/1`);
    expect(environment?.path).toMatch(new RegExp(`^${WORKSPACE}/environments/env-[0-9a-f]{64}/versions/1$`));
    expect(contractErrors("CodeVersions_CreateOrUpdate", code?.body ?? "")).toEqual([]);
    expect(contractErrors("EnvironmentVersions_CreateOrUpdate", environment?.body ?? "")).toEqual([]);
    expect(asked[2]).toMatchObject({ method: "PUT", path: `${WORKSPACE}/jobs/${KEY}` });
    expect(contractErrors("Jobs_CreateOrUpdate", asked[2]?.body ?? "")).toEqual([]);
    expect(asked).toHaveLength(3);
  });

  test("says of the job all that was asked", async () => {
    const { backend, asked } = await aBackend(created);

    await backend.submit(aJob(), nothing, never);

    expect(JSON.parse(asked[2]?.body ?? "")).toEqual({
      properties: {
        jobType: "Command",
        displayName: "train",
        experimentName: "iris",
        computeId: `${WORKSPACE}/computes/cpu-cluster`,
        codeId: `${WORKSPACE}/codes/snapshot-${"ab".repeat(32)}/versions/1`,
        environmentId: asked.find(({ path }) => path.includes("/environments/"))?.path,
        command: COMMAND,
        inputs: {
          data: { jobInputType: "uri_folder", uri: "https://store.example/data/", mode: "ReadOnlyMount" },
          table: { jobInputType: "uri_file", uri: "https://store.example/t.csv", mode: "Download" },
          link: { jobInputType: "uri_file", uri: "https://store.example/l.csv", mode: "Direct" },
          lr: { jobInputType: "literal", value: "0.1" },
        },
        outputs: {
          model: { jobOutputType: "uri_folder", uri: "https://store.example/out/model", mode: "ReadWriteMount" },
          plot: { jobOutputType: "uri_folder", uri: "https://store.example/out/plot", mode: "Upload" },
        },
        environmentVariables: { FLAG: "1", EMPTY: "" },
        identity: { identityType: "AMLToken" },
        limits: { jobLimitsType: "Command", timeout: "PT3600S" },
        tags: { team: "a" },
        properties: { "azureml.pipelinerunid": "p", "penstock.key": KEY },
      },
    });
  });

  test("leaves out what was not asked: code, time limit", async () => {
    const { backend, asked } = await aBackend(created);
    const { code: _, timeoutSeconds: __, ...bare } = aJob({ environment: { image: "mcr.example/base:1" } });

    await backend.submit(bare, nothing, never);

    const body = JSON.parse(asked[1]?.body ?? "").properties;
    expect(asked).toHaveLength(2);
    expect(body).not.toHaveProperty("codeId");
    expect(body).not.toHaveProperty("limits");
    expect(contractErrors("Jobs_CreateOrUpdate", asked[1]?.body ?? "")).toEqual([]);
  });

  test("sends the same bytes again for an equal job, whatever the order of its keys", async () => {
    const { backend, asked } = await aBackend(created);
    const job = aJob();
    const turned = Object.fromEntries(Object.entries(job).reverse()) as typeof job;

    await backend.submit(job, nothing, never);
    await backend.submit({ ...turned, environmentVariables: { EMPTY: "", FLAG: "1" } }, nothing, never);

    expect(asked).toHaveLength(4);
    expect(asked[3]?.body).toBe(asked[2]?.body);
  });

  test("registers an asset once in a process, and again after a failure", async () => {
    let failures = 1;
    const { backend, asked } = await aBackend(({ path }) =>
      path.includes("/codes/") && failures-- > 0 ? armError(403, "AuthorizationFailed", "no") : {},
    );

    const first = await backend.submit(aJob(), nothing, never).catch((error) => error);
    await backend.submit(aJob(), nothing, never);
    await backend.submit(aJob({ key: "other" }), nothing, never);

    expect(first).toMatchObject({ code: "AuthorizationFailed", retryable: false });
    expect(asked.filter(({ path }) => path.includes("/codes/"))).toHaveLength(2);
    expect(asked.filter(({ path }) => path.includes("/environments/"))).toHaveLength(1);
  });

  test("registers a snapshot whose folder has moved under another version", async () => {
    const { backend, asked } = await aBackend(({ path }) =>
      path.endsWith("/versions/1") && path.includes("/codes/") ? armError(400, "UserError", "Asset paths cannot be updated.") : {},
    );

    await backend.submit(aJob(), nothing, never);

    const codeId = JSON.parse(asked.at(-1)?.body ?? "").properties.codeId;
    expect(codeId).toMatch(new RegExp(`^${WORKSPACE}/codes/snapshot-[0-9a-f]{64}/versions/[0-9a-f]{16}$`));
    expect(asked.map(({ path }) => path)).toContain(codeId);
  });

  test("awaits what the caller makes durable between the assets and the job", async () => {
    const order: string[] = [];
    const { backend } = await aBackend(({ path }) => {
      order.push(path.includes("/jobs/") ? "job" : "asset");
      return {};
    });

    await backend.submit(aJob(), async () => void order.push("durable"), never);

    expect(order).toEqual(["asset", "asset", "durable", "job"]);
  });

  test("starts no job when that fails", async () => {
    const { backend, asked } = await aBackend(created);

    const refused = backend.submit(aJob(), () => Promise.reject(new Error("disk full")), never);

    await expect(refused).rejects.toThrow("disk full");
    expect(asked.some(({ path }) => path.includes("/jobs/"))).toBe(false);
  });

  test.each([
    ["Immutable", 400],
    ["JobPropertyImmutable", 400],
    ["Conflict", 409],
  ])("adopts a job that is there with another body and carries our key (%s)", async (inner, status) => {
    const { backend } = await aBackend(({ method, path }) => {
      if (!path.includes("/jobs/")) return {};
      if (method === "PUT") return armError(status, "UserError", "A job with this name already exists.", inner);
      return { body: { properties: { jobType: "Command", status: "Running", properties: { "penstock.key": KEY } } } };
    });

    const job = await backend.submit(aJob(), nothing, never);

    expect(job.id).toBe(KEY);
  });

  test("refuses a job of this name that is not ours", async () => {
    const { backend } = await aBackend(({ method, path }) => {
      if (!path.includes("/jobs/")) return {};
      if (method === "PUT") return armError(400, "UserError", "A job with this name already exists.", "JobPropertyImmutable");
      return { body: { properties: { jobType: "Command", status: "Running", properties: {} } } };
    });

    const refused = await backend.submit(aJob(), nothing, never).catch((error) => error);

    expect(refused).toMatchObject({ name: "ComputeError", code: "JobPropertyImmutable", retryable: false });
    expect(refused.message).toBe(
      `Azure ML would not start job ${KEY}: 400 UserError/JobPropertyImmutable: A job with this name already exists. (request id request-1)`,
    );
  });

  test.each(["", " ", "--"])("refuses the literal %j, which the service does not take, by the input's name", async (literal) => {
    const { backend, asked } = await aBackend(created);

    const refused = await backend.submit(aJob({ inputs: { lr: { literal } } }), nothing, never).catch((error) => error);

    expect(refused).toMatchObject({ code: "InvalidInput", retryable: false });
    expect(refused.message).toContain('input "lr"');
    expect(asked.some(({ path }) => path.includes("/jobs/"))).toBe(false);
  });
});
