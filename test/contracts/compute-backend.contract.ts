import { describe, expect, onTestFinished, test } from "vitest";
import type { ComputeBackend, ComputeError, JobRef, JobRequest, JobState } from "../../shared/ports/compute-backend.ts";

/** A back-end with a service behind it that really runs commands. */
export interface ComputeUnderTest {
  readonly backend: ComputeBackend;
  /** A valid job that runs this shell command; `key` is new unless given. */
  job(command: string, rest?: Partial<JobRequest>): JobRequest;
  /** URI of a new, empty folder for an output, and the text of a file in it (undefined: no file). */
  outputFolder(): { uri: string; read(file: string): string | undefined };
  /** Puts a file where inputs come from and answers the URI of its folder. */
  inputFolder(file: string, text: string): string;
  /** Resolves when the service has told of another change of this job. */
  changed(key: string): Promise<void>;
  /** The next submit takes effect, and its answer is lost. */
  loseAnswer(): Promise<void>;
  /** The next request about a job is refused for being too many, with a wait in seconds. */
  throttle(seconds: number): Promise<void>;
}

const signal = new AbortController().signal;
const nothing = async () => {};

/** What every {@link ComputeBackend} must do; `open` gives a fresh one, and cleans up after the test. */
export function computeBackendContract(name: string, open: () => Promise<ComputeUnderTest>): void {
  describe(`${name}, as a compute back-end`, () => {
    /** Looks at the job at each change until it has ended. */
    async function ended({ backend, changed }: ComputeUnderTest, job: JobRef): Promise<JobState> {
      for (;;) {
        const next = changed(job.id);
        const state = await backend.observe(job, signal);
        if (["completed", "failed", "canceled", "lost"].includes(state.status)) return state;
        await next;
      }
    }

    /** Runs a job that stays until it is canceled, at the latest at the end of the test. */
    async function aRunningJob(compute: ComputeUnderTest): Promise<JobRef> {
      const job = await compute.backend.submit(compute.job("sleep 600"), nothing, signal);
      onTestFinished(async () => {
        await compute.backend.cancel(job, signal);
        await ended(compute, job);
      });
      for (;;) {
        const next = compute.changed(job.id);
        if ((await compute.backend.observe(job, signal)).status === "running") return job;
        await next;
      }
    }

    test("runs a command over its inputs to its outputs, and says when it began and ended", async () => {
      const compute = await open();
      const out = compute.outputFolder();
      const request = compute.job(
        `cp "\${{inputs.data}}/in.txt" "\${{outputs.out}}/out.txt"; echo "$WORD \${{inputs.count}}" >> "\${{outputs.out}}/out.txt"`,
        {
          inputs: { data: { uri: compute.inputFolder("in.txt", "first\n"), mode: "mount", kind: "folder" }, count: { literal: "3" } },
          outputs: { out: { uri: out.uri, mode: "mount" } },
          environmentVariables: { WORD: "second" },
        },
      );

      const job = await compute.backend.submit(request, nothing, signal);
      const state = await ended(compute, job);

      expect(state).toMatchObject({ status: "completed", warnings: expect.any(Array) });
      if (state.status !== "completed") throw new Error("not completed");
      expect(Date.parse(state.endedAt ?? "")).toBeGreaterThanOrEqual(Date.parse(state.startedAt ?? ""));
      expect(out.read("out.txt")).toBe("first\nsecond 3\n");
    });

    test("starts one process for a job that is submitted twice, also at the same time", async () => {
      const compute = await open();
      const out = compute.outputFolder();
      const request = compute.job(`echo started >> "\${{outputs.out}}/starts.txt"`, { outputs: { out: { uri: out.uri, mode: "mount" } } });

      const [first, second] = await Promise.all([1, 2].map(() => compute.backend.submit(request, nothing, signal)));
      const state = await ended(compute, first as JobRef);
      const third = await compute.backend.submit(request, nothing, signal);

      expect(second).toEqual(first);
      expect(third).toEqual(first);
      expect(state.status).toBe("completed");
      expect(out.read("starts.txt")).toBe("started\n");
    });

    test("finds the job whose submit took effect although its answer was lost", async () => {
      const compute = await open();
      const out = compute.outputFolder();
      const request = compute.job(`echo started >> "\${{outputs.out}}/starts.txt"`, { outputs: { out: { uri: out.uri, mode: "mount" } } });
      await compute.loseAnswer();

      const job = await compute.backend.submit(request, nothing, signal).catch(() => compute.backend.submit(request, nothing, signal));
      await ended(compute, job);

      expect(out.read("starts.txt")).toBe("started\n");
    });

    test("adopts the job of the same attempt that was submitted with other words, and does not start another", async () => {
      const compute = await open();
      const out = compute.outputFolder();
      const request = compute.job(`echo one >> "\${{outputs.out}}/starts.txt"`, { outputs: { out: { uri: out.uri, mode: "mount" } } });
      const job = await compute.backend.submit(request, nothing, signal);
      await ended(compute, job);

      const again = await compute.backend.submit({ ...request, command: `echo two >> "\${{outputs.out}}/starts.txt"` }, nothing, signal);

      expect(again).toEqual(job);
      expect(out.read("starts.txt")).toBe("one\n");
    });

    test("awaits what must be durable before it starts anything", async () => {
      const compute = await open();
      const request = compute.job("true");

      const refused = compute.backend.submit(request, () => Promise.reject(new Error("disk full")), signal);

      await expect(refused).rejects.toThrow("disk full");
      await expect(compute.backend.observe({ backend: compute.backend.kind, id: request.key }, signal)).resolves.toEqual({
        status: "lost",
      });
    });

    test("tells of a command that failed its exit code and a reason", async () => {
      const compute = await open();

      const state = await ended(compute, await compute.backend.submit(compute.job("exit 3"), nothing, signal));

      expect(state).toMatchObject({ status: "failed", exitCode: 3, code: expect.any(String), message: expect.stringContaining("3") });
    });

    test("calls a job failed that its time limit ended", async () => {
      const compute = await open();

      const state = await ended(compute, await compute.backend.submit(compute.job("sleep 600", { timeoutSeconds: 1 }), nothing, signal));

      expect(state).toMatchObject({ status: "failed", code: "JobTimeout", message: expect.stringContaining("1 s") });
    });

    test("cancels a job that runs", async () => {
      const compute = await open();
      const job = await aRunningJob(compute);

      await compute.backend.cancel(job, signal);

      await expect(ended(compute, job)).resolves.toMatchObject({ status: "canceled" });
    });

    test("does nothing to a job that ended, or is not known, when it is to be canceled", async () => {
      const compute = await open();
      const job = await compute.backend.submit(compute.job("true"), nothing, signal);
      await ended(compute, job);

      await compute.backend.cancel(job, signal);
      await compute.backend.cancel({ ...job, id: "nobody_1" }, signal);

      await expect(compute.backend.observe(job, signal)).resolves.toMatchObject({ status: "completed" });
    });

    test("says that a job is lost which it does not know", async () => {
      const { backend } = await open();

      const state = await backend.observe({ backend: backend.kind, id: "nobody_1" }, signal);

      expect(state).toEqual({ status: "lost" });
    });

    test("passes on how long to wait when there are too many requests", async () => {
      const compute = await open();
      const job = await compute.backend.submit(compute.job("true"), nothing, signal);
      await ended(compute, job);
      await compute.throttle(7);

      const refused: ComputeError = await compute.backend.observe(job, signal).then(
        () => Promise.reject(new Error("not throttled")),
        (error) => error,
      );

      expect(refused).toMatchObject({ name: "ComputeError", retryable: true, retryAfterSeconds: 7 });
      expect(refused.message).toContain(job.id);
    });

    test("refuses a job that can never run, and says that trying again is no use", async () => {
      const compute = await open();

      const refused: ComputeError = await compute.backend.submit(compute.job("true", { compute: "no-such-cluster" }), nothing, signal).then(
        () => Promise.reject(new Error("taken")),
        (error) => error,
      );

      expect(refused).toMatchObject({ name: "ComputeError", retryable: false });
      expect(refused.message).toContain("no-such-cluster");
    });
  });
}
