import type { JobRecord } from "../store/job-records.ts";

interface Cluster {
  nodes: number;
  used: number;
  /** In the order in which they asked. */
  waiting: Set<JobRecord>;
}

/** Hands out the nodes of each cluster, to jobs in the order in which they asked. */
export class JobQueue {
  readonly #clusters = new Map<string, Cluster>();
  readonly #holders = new Map<JobRecord, { cluster: string; nodes: number }>();

  /** Sets how many nodes a cluster has; jobs on nodes that went away keep them until they end. @returns Jobs that may start now. */
  resize(cluster: string, nodes: number): JobRecord[] {
    this.#cluster(cluster).nodes = nodes;
    return this.#grant(cluster);
  }

  /** @returns Whether the job has its nodes now; otherwise it waits for them. */
  enter(cluster: string, job: JobRecord): boolean {
    this.#cluster(cluster).waiting.add(job);
    return this.#grant(cluster).includes(job);
  }

  /** Takes nodes for a job that runs already, even if there are none left. */
  occupy(cluster: string, job: JobRecord): void {
    const nodes = nodesOf(job);
    this.#cluster(cluster).used += nodes;
    this.#holders.set(job, { cluster, nodes });
  }

  /** Gives a job's nodes back, or takes it out of the queue. @returns Jobs that may start now. */
  leave(cluster: string, job: JobRecord): JobRecord[] {
    const held = this.#holders.get(job);
    const from = this.#cluster(held?.cluster ?? cluster);
    if (held) from.used -= held.nodes;
    else from.waiting.delete(job);
    this.#holders.delete(job);
    return this.#grant(held?.cluster ?? cluster);
  }

  usage(cluster: string): { running: number; waiting: number } {
    const { used, waiting } = this.#cluster(cluster);
    return { running: used, waiting: waiting.size };
  }

  #cluster(name: string): Cluster {
    const cluster = this.#clusters.get(name) ?? { nodes: 0, used: 0, waiting: new Set<JobRecord>() };
    this.#clusters.set(name, cluster);
    return cluster;
  }

  #grant(name: string): JobRecord[] {
    const cluster = this.#cluster(name);
    const granted: JobRecord[] = [];
    for (const next of cluster.waiting) {
      if (cluster.used + nodesOf(next) > cluster.nodes) break;
      cluster.waiting.delete(next);
      this.occupy(name, next);
      granted.push(next);
    }
    return granted;
  }
}

export function nodesOf(job: JobRecord): number {
  return job.properties.resources?.instanceCount ?? 1;
}
