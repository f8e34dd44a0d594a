import { describe, expect, test } from "vitest";
import { MAX_ENDPOINT_VERSIONS, pipelineOf, withVersion } from "../../../shared/domain/pipeline-endpoint.ts";
import { PipelineId } from "../../../shared/domain/published-pipeline.ts";
import { anId } from "../../support/graphs.ts";

const pipelines = (count: number) => Array.from({ length: count }, (_, n) => PipelineId.parse(anId(n)));
const next = PipelineId.parse(anId(999_999));

describe("withVersion", () => {
  test("adds the next number, and makes it the default only where that is asked for", () => {
    const before = { versions: pipelines(2), defaultVersion: "1" };

    expect(withVersion(before, next, false)).toEqual({ versions: [...pipelines(2), next], defaultVersion: "1" });
    expect(withVersion(before, next, true)?.defaultVersion).toBe("2");
  });

  test("adds nothing for a pipeline that is a version already, but may make that the default", () => {
    const before = { versions: pipelines(3), defaultVersion: "2" };

    expect(withVersion(before, PipelineId.parse(anId(1)), false)).toEqual(before);
    expect(withVersion(before, PipelineId.parse(anId(1)), true)).toEqual({ ...before, defaultVersion: "1" });
  });

  test("has so many versions at the most", () => {
    const full = { versions: pipelines(MAX_ENDPOINT_VERSIONS), defaultVersion: "0" };

    expect(withVersion({ ...full, versions: full.versions.slice(1) }, next, false)?.versions).toHaveLength(MAX_ENDPOINT_VERSIONS);
    expect(withVersion(full, next, false)).toBeUndefined();
    expect(withVersion(full, PipelineId.parse(anId(0)), false)).toEqual(full);
  });
});

test("pipelineOf gives the default where no version is named, and nothing for one that is not there", () => {
  const endpoint = { versions: pipelines(3), defaultVersion: "2" };

  expect([pipelineOf(endpoint), pipelineOf(endpoint, "0"), pipelineOf(endpoint, "3")]).toEqual([anId(2), anId(0), undefined]);
});
