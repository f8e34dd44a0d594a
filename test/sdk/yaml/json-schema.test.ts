import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv } from "ajv";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { pipelineJsonSchema } from "../../../sdk/yaml/json-schema.ts";
import { readPipelineFile } from "../../../sdk/yaml/read-pipeline.ts";

const ROOT = join(import.meta.dirname, "../../..");
const SAMPLES = readdirSync(join(ROOT, "samples")).filter((name) => existsSync(join(ROOT, "samples", name, "pipeline.yml")));
const written: object = JSON.parse(readFileSync(join(ROOT, "sdk/yaml/pipeline.schema.json"), "utf8"));
const validate = new Ajv({ allowUnionTypes: true, strict: false }).compile(written);

describe("pipeline.schema.json", () => {
  test("is the schema that files are read by (after a change: node sdk/yaml/write-json-schema.ts)", () => {
    expect(written).toEqual(pipelineJsonSchema());
  });

  test("marks what v1 does not know", () => {
    const text = JSON.stringify(written);

    expect(text.match(/"Extension: /g)).toHaveLength(4);
  });

  test.each(SAMPLES)("takes the sample %s, as the reader does", (sample) => {
    const path = join(ROOT, "samples", sample, "pipeline.yml");

    const isValid = validate(parse(readFileSync(path, "utf8")));

    expect(validate.errors ?? []).toEqual([]);
    expect(isValid).toBe(true);
    expect(readPipelineFile(path).steps.length).toBeGreaterThan(1);
  });

  test.each([
    ["an unset key", { allow_reuse: null, runconfig: null }, true],
    ["an unknown key", { banana: 1 }, false],
    ["a text for a list", { arguments: "x" }, false],
  ])("judges %s as the reader does", (_, more, expected) => {
    const steps = { train: { type: "PythonScriptStep", script_name: "train.py", ...more } };

    expect(validate({ pipeline: { steps } })).toBe(expected);
  });
});
