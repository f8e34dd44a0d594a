import type { CatalogStore } from "../../ports/catalog-store.ts";
import type { Documents } from "../../ports/documents.ts";
import { putDocument } from "./put-document.ts";

/** The catalog over {@link Documents}: one partition a kind, the entry's name as sort key. */
export function createCatalogStore(documents: Documents): CatalogStore {
  const pk = (kind: string) => `catalog:${kind}`;
  return {
    get: async (kind, name) => (await documents.read(pk(kind), name))?.value,
    put: (kind, name, value) => putDocument(documents, pk(kind), name, value),
    async list(kind) {
      const items: unknown[] = [];
      let after: string | undefined;
      do {
        const page = await documents.list(pk(kind), { after, limit: 1000 });
        items.push(...page.items.map(({ value }) => value));
        after = page.next;
      } while (after !== undefined);
      return items;
    },
    durable: () => documents.durable(),
  };
}
