import type { z } from "zod";
import { StoreError } from "../../ports/documents.ts";

/** What a schema read of a stored document. @throws {StoreError} `corrupt` when it could not. */
export function readable<T>(parsed: z.ZodSafeParseResult<T>, pk: string, sk: string): T {
  if (parsed.success) return parsed.data;
  throw new StoreError("corrupt", unreadableAs(parsed.error, pk, sk), { cause: parsed.error });
}

/** Names the document and the first thing about it that cannot be read. */
export function unreadableAs({ issues: [issue] }: z.ZodError, pk: string, sk: string): string {
  return `document ${pk}/${sk} is not as this release reads it: ${[issue?.path.join("."), issue?.message].filter(Boolean).join(" ")}`;
}
