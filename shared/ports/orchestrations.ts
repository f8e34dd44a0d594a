/** Starts and wakes orchestrations. Bound to the invocation that holds the durable client. */
export interface Orchestrations {
  /** Starts one under a chosen id; one that is live already is success. @throws when the host is out of reach. */
  start(name: "pipelineRun" | "stepRun", instanceId: string, input: object): Promise<void>;
  /** Raises an event; an instance that is unknown or finished is no error. */
  raise(instanceId: string, event: "runChanged" | "jobChanged", data: object): Promise<void>;
  /** Whether an instance is Pending or Running, and what it last said of itself. */
  look(instanceId: string): Promise<{ live: boolean; customStatus: unknown } | undefined>;
}
