import { describe, expect, test } from "vitest";
import { failureClassOf, pauseBeforeRetry, RetryPolicy } from "../../../shared/domain/retry.ts";

const times = { startedAt: "2026-01-01T00:00:00.000Z", endedAt: "2026-01-01T00:01:00.000Z" };

describe("failureClassOf", () => {
  test.each([
    ["an exit code", { code: "UserError", exitCode: 3 }, {}, "script"],
    ["the script's own word", { code: "ScriptFailedRun" }, {}, "script"],
    ["a command that could not start", { code: "UserError" }, {}, "script"],
    ["a time limit that the service names", { code: "JobTimeout" }, {}, "timeout"],
    ["a job as old as its limit", { code: "UserError" }, { timeoutSeconds: 60 }, "timeout"],
    ["a job younger than its limit", { code: "UserError" }, { timeoutSeconds: 61 }, "script"],
    ["an environment", { code: "ImageBuildFailure" }, {}, "environment"],
    ["a service's error", { code: "ServiceError" }, {}, "infrastructure"],
    ["a job that is gone", { code: "JobLost" }, {}, "infrastructure"],
    ["a cancel from elsewhere", { code: "CanceledElsewhere" }, {}, undefined],
    ["an input that is not there", { code: "InputNotFound" }, {}, undefined],
  ])("tells %s", (_, failure, more, kind) => {
    expect(failureClassOf({ failure, ...times, ...more })).toBe(kind);
  });
});

describe("pauseBeforeRetry", () => {
  const policy = RetryPolicy.parse({ maxAttempts: 5, backoffSeconds: 10, factor: 3, maxBackoffSeconds: 60, on: ["script", "timeout"] });

  test("grows by the factor up to its bound, and ends with the last attempt", () => {
    expect([1, 2, 3, 4, 5].map((attempt) => pauseBeforeRetry(policy, attempt, "script"))).toEqual([10, 30, 60, 60, undefined]);
  });

  test("is none for a failure that is not worth it, that nobody can name, or where nobody asked", () => {
    expect(pauseBeforeRetry(policy, 1, "infrastructure")).toBeUndefined();
    expect(pauseBeforeRetry(policy, 1, undefined)).toBeUndefined();
    expect(pauseBeforeRetry(undefined, 1, "script")).toBeUndefined();
  });
});
