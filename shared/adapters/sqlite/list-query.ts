import { checkFieldName, checkKey, checkLimit } from "../../ports/document-rules.ts";
import type { ListOptions } from "../../ports/documents.ts";

/** The SELECT of one page and what to bind to it. One row more than the page has is asked for, to know whether another page follows. */
export function listQuery(pk: string, options: ListOptions): { sql: string; values: (string | number)[] } {
  checkKey("pk", pk);
  checkLimit(options.limit);
  const conditions = ["pk = ?"];
  const values: (string | number)[] = [pk];
  if (options.after !== undefined) {
    conditions.push(options.descending ? "sk < ?" : "sk > ?");
    values.push(options.after);
  }
  if (options.prefix) {
    conditions.push("sk >= ? AND sk < ?");
    values.push(options.prefix, `${options.prefix}\u{10FFFF}`);
  }
  for (const [field, wanted] of Object.entries(options.where ?? {})) {
    // SQLite refuses a query that meets what is not JSON; such a document fits every condition, so that somebody tells of it.
    conditions.push(`CASE WHEN json_valid(body) THEN ${equality(field, wanted)} ELSE 1 END`);
    if (typeof wanted !== "boolean") values.push(wanted);
  }
  const order = options.descending ? "DESC" : "ASC";
  return {
    sql: `SELECT sk, etag, body FROM documents WHERE ${conditions.join(" AND ")} ORDER BY sk ${order} LIMIT ?`,
    values: [...values, options.limit + 1],
  };
}

/** Types count, as they do in Cosmos DB: to SQLite alone, true would be 1. */
function equality(field: string, wanted: string | number | boolean): string {
  checkFieldName(field);
  const type = `json_type(body, '$.${field}')`;
  switch (typeof wanted) {
    case "boolean":
      return `${type} = '${wanted}'`;
    case "number":
      return `${type} IN ('integer', 'real') AND json_extract(body, '$.${field}') = ?`;
    default:
      return `${type} = 'text' AND json_extract(body, '$.${field}') = ?`;
  }
}
