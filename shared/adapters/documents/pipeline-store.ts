import { createHash } from "node:crypto";
import { z } from "zod";
import { PipelineDraft } from "../../domain/pipeline-draft.ts";
import { PipelineEndpoint } from "../../domain/pipeline-endpoint.ts";
import { PipelineGraph } from "../../domain/pipeline-graph.ts";
import { PublishedPipeline } from "../../domain/published-pipeline.ts";
import { Instant } from "../../domain/run-documents.ts";
import type { Documents } from "../../ports/documents.ts";
import type { PipelineStore } from "../../ports/pipeline-store.ts";
import { createAssets } from "./assets.ts";
import { freeze } from "./parse-once.ts";
import { createWhole, readWhole } from "./pieces.ts";
import { readable } from "./readable.ts";
import { RecentlyUsed } from "./recently-used.ts";

const NAMES = "pipeline-endpoint-names";
const NameClaim = z.strictObject({ id: z.string(), at: Instant });
/** Parsing a large graph costs more than everything else of a submit. */
const GRAPHS_KEPT = 64;

/** Pipelines over {@link Documents}: a partition for each kind of asset, one for the names of endpoints, and one for each graph. */
export function createPipelineStore(documents: Documents): PipelineStore {
  const graphs = new RecentlyUsed<string, PipelineGraph>(GRAPHS_KEPT);
  return {
    published: createAssets({ documents, schema: PublishedPipeline, kind: "published-pipelines" }),
    drafts: createAssets({ documents, schema: PipelineDraft, kind: "pipeline-drafts" }),
    endpoints: createAssets({ documents, schema: PipelineEndpoint, kind: "pipeline-endpoints" }),
    async endpointName(name) {
      const stored = await documents.read(NAMES, name);
      return stored && { value: readable(NameClaim.safeParse(stored.value), NAMES, name), etag: stored.etag };
    },
    async claimEndpointName(name, claim, etag) {
      const claimed = etag === undefined ? documents.create(NAMES, name, claim) : documents.replace(NAMES, name, claim, etag);
      return (await claimed) !== undefined;
    },
    async putGraph(graph) {
      const json = JSON.stringify(graph);
      const graphId = createHash("sha256").update(json).digest("hex");
      await createWhole(documents, partitionOf(graphId), "graph", graph, json);
      return graphId;
    },
    async graph(graphId) {
      const recent = graphs.get(graphId);
      if (recent) return recent;
      const graph = await readWhole(documents, partitionOf(graphId), "graph", PipelineGraph);
      if (!graph) return undefined;
      freeze(graph);
      graphs.set(graphId, graph);
      return graph;
    },
    durable: () => documents.durable(),
  };
}

function partitionOf(graphId: string): string {
  return `graph:${graphId}`;
}
