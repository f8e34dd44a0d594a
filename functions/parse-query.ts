import { ProblemError } from "../shared/domain/problems.ts";

/**
 * The query of a URL by name. It is read from the URL, since the host joins the values of a name that is given twice with a comma.
 * @throws {ProblemError} invalid-request, for a name given twice and for percent-encoding that is no UTF-8.
 */
export function parseQuery(url: string): Record<string, string> {
  const mark = url.indexOf("?");
  const raw = mark < 0 ? "" : url.slice(mark + 1);
  if (!isWellEncoded(raw)) throw invalid("query", "the query is not percent-encoded UTF-8", "encode a % itself as %25");
  const query: Record<string, string> = Object.create(null);
  for (const [name, value] of new URLSearchParams(raw)) {
    if (name in query) throw invalid(`query/${name}`, `${JSON.stringify(name)} is there twice`, "give it once");
    query[name] = value;
  }
  return { ...query };
}

function isWellEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

function invalid(pointer: string, message: string, remedy: string): ProblemError {
  return new ProblemError({ kind: "invalid-request", errors: [{ pointer: `/${pointer}`, message, remedy }] });
}
