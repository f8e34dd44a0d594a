import type { Caller } from "../domain/run-documents.ts";
import type { Principal } from "../ports/callers.ts";

/** A caller as it is stored with what it made. */
export function callerOf(caller: Principal): Caller {
  return {
    objectId: caller.objectId,
    tenantId: caller.tenantId,
    ...("name" in caller && caller.name !== undefined && { name: caller.name }),
  };
}
