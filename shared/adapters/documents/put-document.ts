import type { Documents } from "../../ports/documents.ts";

/** Creates a document or replaces whatever is there. */
export async function putDocument(documents: Documents, pk: string, sk: string, value: object): Promise<void> {
  for (;;) {
    if (await documents.create(pk, sk, value)) return;
    const there = await documents.read(pk, sk);
    if (there && (await documents.replace(pk, sk, value, there.etag))) return;
  }
}
