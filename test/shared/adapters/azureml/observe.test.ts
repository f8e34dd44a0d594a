import { describe, expect, test } from "vitest";
import { aBackend, armError, JOB, KEY, never, WORKSPACE, workspaceWith } from "./service.ts";

const TIMES = { startTimeUtc: "2026-11-24T10:00:00.1234567+00:00", endTimeUtc: "2026-11-24T10:01:00Z" };
const times = { startedAt: "2026-11-24T10:00:00.123Z", endedAt: "2026-11-24T10:01:00.000Z" };

describe("observe", () => {
  test.each([
    ["NotStarted", "queued"],
    ["Starting", "queued"],
    ["Queued", "queued"],
    ["Paused", "queued"],
    ["Provisioning", "preparing"],
    ["Preparing", "preparing"],
    ["Running", "running"],
    ["Finalizing", "finalizing"],
    ["CancelRequested", "canceling"],
  ])("reads %s as %s, with one request", async (word, status) => {
    const { backend, asked } = await aBackend(workspaceWith({ status: word }, {}));

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status });
    expect(asked).toHaveLength(1);
  });

  test.each(["NotResponding", "Unknown", "Hibernating", "toString", "", null, 7])("takes %j for running, and says so", async (word) => {
    const logged: unknown[] = [];
    const { backend } = await aBackend(workspaceWith({ status: word }, {}), { log: { warn: (_, detail) => logged.push(detail) } });

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status: "running" });
    expect(logged).toEqual([{ job: KEY, status: typeof word === "string" ? word : word === null ? null : undefined }]);
  });

  test("tells of a completed job its times and warnings from run history, whose address it asks for once and without a token", async () => {
    const { backend, asked } = await aBackend(
      workspaceWith({ status: "Completed" }, { ...TIMES, warnings: [{ source: "x", message: "slow disk" }, "hot"] }),
    );

    const first = await backend.observe(JOB, never);
    await backend.observe(JOB, never);

    expect(first).toEqual({ status: "completed", ...times, warnings: ["slow disk", "hot"] });
    expect(asked.map(({ path }) => path)).toEqual([
      `${WORKSPACE}/jobs/${KEY}`,
      WORKSPACE,
      "/discovery",
      `/region/history/v1.0${WORKSPACE}/runs/${KEY}/details`,
      `${WORKSPACE}/jobs/${KEY}`,
      `/region/history/v1.0${WORKSPACE}/runs/${KEY}/details`,
    ]);
    expect(asked[2]?.headers.authorization).toBeUndefined();
    expect(asked[3]?.headers.authorization).toBe("Bearer token-1");
  });

  describe("told that the job has ended", () => {
    const details = `/region/history/v1.0${WORKSPACE}/runs/${KEY}/details`;

    test("asks for the job and for how it went at once", async () => {
      const service = workspaceWith({ status: "Completed" }, TIMES);
      let detailsAsked = () => {};
      const wereAsked = new Promise<void>((resolve) => {
        detailsAsked = resolve;
      });
      const { backend, asked } = await aBackend(async (one, response) => {
        if (one.path === details) detailsAsked();
        else if (one.path === `${WORKSPACE}/jobs/${KEY}`) await wereAsked; // for ever, if one waited for the other
        return service(one, response);
      });

      const state = await backend.observe(JOB, never, true);

      expect(state).toEqual({ status: "completed", ...times, warnings: [] });
      expect(asked.filter(({ path }) => path === details)).toHaveLength(1);
    });

    test("does not believe it", async () => {
      const { backend } = await aBackend(workspaceWith({ status: "Running" }, TIMES));

      expect(await backend.observe(JOB, never, true)).toEqual({ status: "running" });
    });

    test.each([
      ["Completed", { startTimeUtc: TIMES.startTimeUtc }],
      ["Completed", undefined],
      ["Failed", TIMES],
    ])("asks again where what it was told of a job that %s came too early: %j", async (status, early) => {
      const reason = { error: { error: { code: "UserError", message: "it broke" } } };
      const whole = workspaceWith({ status }, { ...TIMES, ...(status === "Failed" && reason) });
      let looks = 0;
      const { backend } = await aBackend((one, response) => {
        if (one.path !== details || ++looks > 1) return whole(one, response);
        return early ? { body: early } : { status: 503, headers: { "retry-after": "1" } };
      });

      const state = await backend.observe(JOB, never, true);

      expect(state).toMatchObject({ status: status.toLowerCase(), ...times, ...(status === "Failed" && { code: "UserError" }) });
      expect(looks).toBe(2);
    });
  });

  test("tells why a job failed, by the innermost code, with the exit code", async () => {
    const error = {
      code: "UserError",
      message: "Execution failed. User process exited with status code 3.",
      innerError: { code: "UserExit", innerError: { code: "ScriptFailed" } },
    };
    const { backend } = await aBackend(workspaceWith({ status: "Failed" }, { ...TIMES, error: { error }, warnings: [] }));

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status: "failed", ...times, warnings: [], code: "ScriptFailed", message: error.message, exitCode: 3 });
  });

  test("says that no reason was given for a failed job without one", async () => {
    const { backend } = await aBackend(workspaceWith({ status: "Failed" }, { error: null, startTimeUtc: "soon", warnings: null }));

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status: "failed", warnings: [], code: "JobFailed", message: `Azure ML gave no reason why job ${KEY} failed` });
  });

  test.each([
    ["PT60S", { status: "canceled", startedAt: "2026-11-24T10:00:00.123Z", endedAt: "2026-11-24T10:01:00.000Z", warnings: [] }],
    ["PT59S", { status: "failed", ...times, warnings: [], code: "JobTimeout", message: `job ${KEY} was ended by its time limit of 59 s` }],
    [null, { status: "canceled", ...times, warnings: [] }],
  ])("tells a job that reached its time limit from one that was canceled: %s", async (timeout, expected) => {
    const { backend } = await aBackend(workspaceWith({ status: "Canceled", limits: { jobLimitsType: "Command", timeout } }, TIMES));

    const state = await backend.observe(JOB, never);

    expect(state).toEqual(expected);
  });

  test("says that a job is lost when the service knows none of its name", async () => {
    const { backend } = await aBackend(() => armError(404, "UserError", "Run not found", "NotFound"));

    const state = await backend.observe(JOB, never);

    expect(state).toEqual({ status: "lost" });
  });

  test.each([
    ["the workspace is not found", armError(404, "ResourceNotFound", "The workspace 'ws' was not found")],
    ["the resource group is not found", armError(404, "ResourceGroupNotFound", "no group")],
    ["a proxy answers", { status: 404, body: "<html>Not found</html>" }],
  ])("does not say that a job is lost when %s", async (_, answer) => {
    const { backend } = await aBackend(() => answer);

    await expect(backend.observe(JOB, never)).rejects.toMatchObject({ name: "ComputeError", retryable: false });
  });

  test("does not hold up a completed job for details that cannot be had", async () => {
    const { backend } = await aBackend(workspaceWith({ status: "Completed" }, armError(403, "AuthorizationFailed", "no")));

    const state = await backend.observe(JOB, never);

    expect(state).toMatchObject({ status: "completed", warnings: [expect.stringContaining(`how job ${KEY} went could not be read`)] });
  });

  test("waits five minutes for the reason of a failure, then tells without it", async () => {
    const { backend, clock } = await aBackend(
      workspaceWith({ status: "Failed" }, { ...armError(503, "Busy", "no"), headers: { "retry-after": "7" } }),
    );

    const early = await backend.observe(JOB, never).catch((error) => error);
    clock.time += 300_000;
    const late = await backend.observe(JOB, never);

    expect(early).toMatchObject({ code: "Busy", retryable: true, retryAfterSeconds: 7 });
    expect(late).toMatchObject({ status: "failed", code: "JobFailed" });
  });

  test.each([
    ["the job", "{}"],
    ["the job", "[]"],
    ["the job", "null"],
  ])("says of an answer of another shape that it may be tried again (%s: %s)", async (_, body) => {
    const { backend } = await aBackend(() => ({ body }));

    await expect(backend.observe(JOB, never)).rejects.toMatchObject({ code: "BadAnswer", retryable: true });
  });
});

describe("cancel", () => {
  test.each([200, 202])("is done when the service answers %d", async (status) => {
    const { backend, asked } = await aBackend(() => ({ status, body: "", headers: { location: "http://elsewhere.example/" } }));

    await backend.cancel(JOB, never);

    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([`POST ${WORKSPACE}/jobs/${KEY}/cancel`]);
  });

  test.each(["Completed", "Failed", "Canceled", "Finalizing", "CancelRequested"])("does nothing to a job that is %s", async (status) => {
    const { backend } = await aBackend(({ method }) =>
      method === "POST" ? armError(400, "UserError", "cannot be cancelled") : { body: { properties: { jobType: "Command", status } } },
    );

    await expect(backend.cancel(JOB, never)).resolves.toBeUndefined();
  });

  test("does nothing to a job that is not known", async () => {
    const { backend } = await aBackend(() => armError(404, "UserError", "Run not found", "NotFound"));

    await expect(backend.cancel(JOB, never)).resolves.toBeUndefined();
  });

  test("says so when a job that runs is not to be canceled", async () => {
    const { backend } = await aBackend(({ method }) =>
      method === "POST" ? armError(400, "UserError", "not now") : { body: { properties: { jobType: "Command", status: "Running" } } },
    );

    await expect(backend.cancel(JOB, never)).rejects.toMatchObject({ name: "ComputeError", retryable: false });
  });
});

describe("the folders of a job", () => {
  test("lie in the artifact datastore, the image build's log before the step's own", async () => {
    const { backend } = await aBackend(() => ({}));

    expect(backend.logFolders(JOB)).toEqual([
      { datastore: "workspaceartifactstore", prefix: `ExperimentRun/dcid.${KEY}/azureml-logs/` },
      { datastore: "workspaceartifactstore", prefix: `ExperimentRun/dcid.${KEY}/user_logs/` },
    ]);
    expect(backend.artifactFolder(JOB)).toEqual({ datastore: "workspaceartifactstore", prefix: `ExperimentRun/dcid.${KEY}/` });
  });
});
