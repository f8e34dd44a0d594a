import { z } from "zod";
import { YamlPipelineFile } from "./pipeline-schema.ts";

type Json = { [key: string]: unknown };

/** The JSON schema (draft-07) that editors check pipeline files by; `pipeline.schema.json` holds its text. */
export function pipelineJsonSchema(): Json {
  return z.toJSONSchema(YamlPipelineFile, {
    target: "draft-7",
    io: "input",
    override: ({ jsonSchema }) => allowUnset(jsonSchema as Json),
  }) as Json;
}

/** An optional key may be left empty or `~`, which the reader takes as unset; the schema has to say so key by key. */
function allowUnset(schema: Json): void {
  const required = new Set(Array.isArray(schema["required"]) ? schema["required"] : []);
  const properties = schema["properties"] as { [key: string]: Json } | undefined;
  for (const [key, property] of Object.entries(properties ?? {})) {
    if (required.has(key) || !properties) continue;
    const { description, ...rest } = property;
    properties[key] = { ...(description !== undefined && { description }), anyOf: [rest, { type: "null" }] };
  }
}
