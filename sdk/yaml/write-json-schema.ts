import { writeFileSync } from "node:fs";
import { pipelineJsonSchema } from "./json-schema.ts";

// `node sdk/yaml/write-json-schema.ts` after a change of pipeline-schema.ts; a test compares the two.
writeFileSync(new URL("pipeline.schema.json", import.meta.url), `${JSON.stringify(pipelineJsonSchema(), undefined, 2)}\n`);
