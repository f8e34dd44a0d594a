import type { SqlQuerySpec } from "@azure/cosmos";
import { checkFieldName, checkKey, checkLimit } from "../../ports/document-rules.ts";
import type { ListOptions } from "../../ports/documents.ts";

/**
 * The query of one page. The partition stands in its text too, not only in the request's options: emulators ignore those, and a page of
 * another partition's documents would go unseen.
 */
export function listQuery(pk: string, options: ListOptions): SqlQuerySpec {
  checkKey("pk", pk);
  checkLimit(options.limit);
  const conditions = ["c.pk = @pk"];
  const parameters: { name: string; value: string | number | boolean }[] = [{ name: "@pk", value: pk }];
  const bind = (name: string, value: string | number | boolean) => {
    parameters.push({ name, value });
    return name;
  };
  if (options.after !== undefined) conditions.push(`c.sk ${options.descending ? "<" : ">"} ${bind("@after", options.after)}`);
  if (options.prefix) conditions.push(`STARTSWITH(c.sk, ${bind("@prefix", options.prefix)})`);
  for (const [index, [field, wanted]] of Object.entries(options.where ?? {}).entries()) {
    checkFieldName(field);
    conditions.push(`c.doc["${field}"] = ${bind(`@where${index}`, wanted)}`);
  }
  const order = options.descending ? "DESC" : "ASC";
  return { query: `SELECT c.id, c.sk, c.doc, c.ops, c._etag FROM c WHERE ${conditions.join(" AND ")} ORDER BY c.sk ${order}`, parameters };
}
