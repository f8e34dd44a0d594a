import type { PipelineDraft } from "../domain/pipeline-draft.ts";
import type { PipelineEndpoint } from "../domain/pipeline-endpoint.ts";
import type { PipelineGraph } from "../domain/pipeline-graph.ts";
import type { GraphId, PublishedPipeline } from "../domain/published-pipeline.ts";
import type { Page, Stored } from "./documents.ts";

/** What is kept under an id that its maker may bring along. Deleted ones stay as documents, so that what refers to them can say so; here nobody sees them. */
export interface Assets<T> {
  /**
   * Creates; answers false when the id is in use. The id of a deleted one is free again.
   * @param order UUIDv7 of the moment, by which a listing sorts; an id that was made for it is that one.
   */
  create(asset: T, order: string): Promise<boolean>;
  find(id: string): Promise<Stored<T> | undefined>;
  /** Answers false when it changed since `etag`, or is gone: read again, decide again. */
  replace(asset: T, etag: string): Promise<boolean>;
  /** Newest first; `where` is equality on top-level members. `after` is the `next` of the page before. */
  list(where: Record<string, string>, page: { after?: string | undefined; limit: number }): Promise<Page<T>>;
}

/**
 * Published pipelines, pipeline endpoints and drafts, and the graphs that they name. Each adapter passes test/contracts/pipeline-store.contract.ts.
 * @throws {StoreError}
 */
export interface PipelineStore {
  readonly published: Assets<PublishedPipeline>;
  readonly drafts: Assets<PipelineDraft>;
  readonly endpoints: Assets<PipelineEndpoint>;
  /** The id that a name was claimed for last, and when. Whether that endpoint is there and has the name is for the caller to see. */
  endpointName(name: string): Promise<Stored<NameClaim> | undefined>;
  /** Claims a name; answers false when somebody else did since `etag` (absent: since it was free). */
  claimEndpointName(name: string, claim: NameClaim, etag?: string): Promise<boolean>;
  /** Stores a graph, once for the same content. */
  putGraph(graph: PipelineGraph): Promise<GraphId>;
  /** The same object for the same id while it is remembered: it is shared, and frozen. */
  graph(graphId: GraphId): Promise<PipelineGraph | undefined>;
  durable(): Promise<void>;
}

/** `at`: ISO 8601, UTC. */
export interface NameClaim {
  readonly id: string;
  readonly at: string;
}
