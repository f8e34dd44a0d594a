import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { createRunStore } from "../../../../shared/adapters/documents/run-store.ts";
import { openSqliteDocuments } from "../../../../shared/adapters/sqlite/documents.ts";
import { MAX_STEPS } from "../../../../shared/domain/pipeline-graph.ts";
import type { Documents } from "../../../../shared/ports/documents.ts";
import { aGraph, anId, aRunGraph } from "../../../support/graphs.ts";
import { aHead } from "../../../support/run-head.ts";

let documents: Documents;
beforeEach(() => {
  documents = openSqliteDocuments({ file: ":memory:" });
});
afterEach(() => documents.close());

describe("createRunStore", () => {
  test("keeps a graph of as many steps as a pipeline may have, whatever is in their names", async () => {
    const graph = aRunGraph(aGraph(Object.fromEntries(Array.from({ length: MAX_STEPS }, (_, i) => [`step "${i}" 😀\\`, []]))));

    await createRunStore({ documents }).create({ graph, head: aHead(0), progress: aProgress() });

    // Another process reads it, which remembers nothing.
    expect(await createRunStore({ documents }).graph(graph.runId)).toEqual(graph);
  });

  test("says of a graph of which a piece is gone that it is damaged", async () => {
    const graph = aRunGraph(aGraph(Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`step ${i}`, []]))));
    const create: Documents["create"] = (pk, sk, value) =>
      sk === "graph:0001" ? Promise.resolve(undefined) : documents.create(pk, sk, value);
    await createRunStore({ documents: { ...documents, create } }).create({ graph, head: aHead(0), progress: aProgress() });

    await expect(createRunStore({ documents }).graph(graph.runId)).rejects.toMatchObject({ kind: "corrupt" });
  });

  test("stores nothing of a run whose head is too large", async () => {
    const graph = aRunGraph(aGraph({ a: [] }));
    const head = { ...aHead(0), tags: Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`t${i}`, "x".repeat(8000)])) };

    await expect(createRunStore({ documents }).create({ graph, head, progress: aProgress() })).rejects.toMatchObject({ kind: "too-large" });

    expect((await documents.list(graph.runId, { limit: 10 })).items).toEqual([]);
  });
});

function aProgress() {
  return { runId: anId(0), steps: "n", lastMarker: "" };
}
