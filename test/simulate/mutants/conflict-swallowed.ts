import type { Mutant } from "./mutant.ts";

export const conflictSwallowed: Mutant = {
  name: "conflict-swallowed",
  fault: "a replacement that met a newer document is taken for done",
  edits: [
    {
      file: "shared/adapters/documents/run-store.ts",
      find: "const done = (await documents.replace(pk, sk, value, etag)) !== undefined;",
      replace: "const done = (await documents.replace(pk, sk, value, etag)) !== null;",
    },
  ],
};
