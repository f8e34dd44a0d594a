import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import type { Answer } from "./workspace.ts";

const SPECS = new URL("../../../../local/clouds/specs/", import.meta.url);
const FILES = ["aml-arm-assets-jobs-2024-04-01.json", "aml-arm-computes-2024-04-01.json"];

const contracts = FILES.map((file) => JSON.parse(readFileSync(new URL(file, SPECS), "utf8")));
const compiled = new Map<string, ValidateFunction>();

/** What the published contract finds wrong with an answer; nothing: an empty list. */
export function violations(operation: string, { status, body }: Answer): string[] {
  const contract = contracts.find((one) => operation in one["x-operations"]);
  const responses = contract["x-operations"][operation].responses;
  const schema = (responses[status] ?? responses.default).schema;
  const key = `${operation} ${String(status in responses ? status : "default")}`;
  const validate =
    compiled.get(key) ?? new Ajv({ strict: false, validateFormats: false }).compile({ ...schema, definitions: contract.definitions });
  compiled.set(key, validate);
  return validate(body) ? [] : (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message}`);
}
