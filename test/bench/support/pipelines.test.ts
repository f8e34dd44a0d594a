import { describe, expect, test } from "vitest";
import { type Shape, stepsOf, submission } from "../../../bench/support/pipelines.ts";
import { SubmitRunRequest } from "../../../shared/api/requests.ts";
import { checkGraph } from "../../../shared/domain/check-graph.ts";

describe("stepsOf", () => {
  test.each<[Shape, number]>([
    ["chain", 100],
    ["fan", 202],
    ["layers", 1000],
    ["layers", 200],
  ])("gives a %s of %d steps that a workspace takes", (shape, count) => {
    const request = SubmitRunRequest.parse(JSON.parse(submission(stepsOf(shape, count))));

    expect(request.pipeline.steps).toHaveLength(count);
    expect(request.pipeline.steps.every(({ allowReuse }) => !allowReuse)).toBe(true);
    expect(checkGraph(request.pipeline)).not.toHaveProperty("problems");
  });

  test("joins all of a fan in its last step", () => {
    const last = stepsOf("fan", 5).at(-1);

    expect(last).toMatchObject({ key: "last", runAfter: ["m0", "m1", "m2"] });
  });
});
