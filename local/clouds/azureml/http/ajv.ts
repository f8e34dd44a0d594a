import { Ajv } from "ajv";
import * as formats from "ajv-formats";

type AddFormats = (ajv: Ajv) => void;
// A CommonJS module: what holds the function depends on who loads it, Node or a bundler.
const plugin = formats.default as unknown as AddFormats | { default: AddFormats };

/**
 * A validator of JSON Schema draft-07 with its formats. In a module of its own, so that it can be loaded late and still be bundled.
 * The schemas are published ones: checking them again, and compiling them to the last, would triple the time until the first request.
 */
export function createAjv(): Ajv {
  const ajv = new Ajv({ strict: false, validateFormats: true, validateSchema: false, meta: false, code: { optimize: false } });
  (typeof plugin === "function" ? plugin : plugin.default)(ajv);
  return ajv;
}
