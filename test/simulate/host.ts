import { activities, timers } from "../../functions/registry.ts";
import type { Invocation as FunctionInvocation, HostClock, InvocationResult, Worker } from "../../local/host/contract.ts";
import { Engine } from "../../local/host/durable/engine.ts";
import { createIds } from "../../shared/adapters/system/clock.ts";
import type { Services } from "../../shared/composition.ts";
import { HOST_FAILS } from "./connections.ts";
import { computeFor, documentsFor, durableClientFor } from "./ports.ts";
import { Scope } from "./scheduler.ts";
import { composeSimulated } from "./services.ts";
import type { World } from "./world.ts";

const MINUTE_MS = 60_000;

/** The activity of probes: takes a while, and answers the next number. */
export const PROBE_ACTIVITY = "probeAdd";

/** Who does something: an activity, a timer or a request. `began` is in milliseconds of the simulation. */
export interface Invocation {
  readonly name: string;
  readonly began: number;
}

/** One life of the host: the real engine and the real services, on files and beside a service that outlive it. */
export class Host {
  readonly scope = new Scope();
  readonly engine: Engine;
  /** Writes of documents and commits of the engine since it began. */
  writes = 0;
  readonly #services: ReturnType<typeof composeSimulated>;
  readonly #requests = new Set<(error: Error) => void>();
  #lastDefer = 0;

  constructor(
    private readonly world: World,
    worker: Worker,
  ) {
    const log = (level: string) => (message: string, detail?: Record<string, unknown>) => this.#logged(level, message, detail);
    this.engine = new Engine({
      worker: { functions: worker.functions, invoke: (invocation) => this.#invoke(worker, invocation) },
      storage: world.instances,
      clock: this.#clock(),
      random: { hex32: () => world.ids.bytes(16).toString("hex") },
      log: (level, message, detail) => this.#logged(level, message, detail),
      options: {
        hubName: "simulated",
        rpcBaseUrl: "http://127.0.0.1:1/durabletask/",
        systemKey: "key",
        checkEvery: 32,
        failOnSlips: true,
        maxConcurrentActivityFunctions: 20,
        mostIdleInstances: world.scenario.seed % 3 === 0 ? 1 : 1000,
      },
    });
    this.#services = composeSimulated({
      documents: documentsFor(world, this),
      clock: {
        now: () => world.wallTime(),
        newId: createIds(
          () => world.wallTime(),
          (count) => world.ids.bytes(count),
        ),
      },
      log: { info: log("information"), warn: log("warning"), error: log("error") },
    });
  }

  start(): void {
    this.engine.start();
    this.#everyMinute();
  }

  async #invoke(worker: Worker, invocation: FunctionInvocation): Promise<InvocationResult> {
    const { functionName, inputs } = invocation;
    if (worker.functions.get(functionName)?.trigger.binding.type === "orchestrationTrigger") {
      const result = await worker.invoke(invocation);
      // It takes its time: meanwhile more may come for the instance.
      await this.world.scheduler.sleep(this.world.latency(), this.scope);
      return result;
    }
    // The library's part in an activity is to carry JSON, and would take a third of all time.
    const [input] = Object.values(inputs);
    const result = await this.#activity(functionName, input?.string === undefined ? undefined : JSON.parse(input.string));
    return { returnValue: { json: JSON.stringify(result ?? null) }, outputs: {} };
  }

  /** An activity of the app, perhaps more than once: that is what the platform promises. */
  async #activity(name: string, input: unknown): Promise<unknown> {
    const { world } = this;
    const run = async () => (name === PROBE_ACTIVITY ? await this.#add(Number(input)) : await this.#run(name, input));
    const [isRepeated, atOnce] = [world.chance.yes(world.faults.activityRepeated), world.chance.yes(0.5)];
    world.trace(`activity ${name} ${JSON.stringify(input)}${isRepeated ? (atOnce ? ", twice at once" : ", and again") : ""}`);
    if (!isRepeated) return await run();
    if (!atOnce) {
      await run().catch(() => undefined);
      return await run();
    }
    const [first, second] = [run(), run()];
    second.catch(() => undefined);
    return await first;
  }

  /** A client's request: what it awaits is on disk before the answer leaves. @throws what the work throws, or that the host died. */
  request<T>(name: string, work: (services: Services) => Promise<T>): Promise<T> {
    const { scheduler } = this.world;
    return new Promise((resolve, reject) => {
      this.#requests.add(reject);
      const answer = (then: () => void) => {
        this.#requests.delete(reject);
        scheduler.after(this.world.latency(), then); // it is on its way, whatever becomes of the host
      };
      const serve = async () => {
        try {
          const result = await work(this.#invocation(name));
          await this.engine.commits.durable();
          answer(() => resolve(result));
        } catch (error) {
          answer(() => reject(error));
        }
      };
      scheduler.after(this.world.latency(), () => void serve(), this.scope);
    });
  }

  /** Nothing of it goes on. */
  die(): void {
    this.scope.alive = false;
    for (const reject of this.#requests) this.world.scheduler.after(this.world.latency(), () => reject(new Error("connection reset")));
    this.#requests.clear();
  }

  async #run(name: string, input: unknown): Promise<unknown> {
    const handler = activities[name];
    if (!handler) throw new Error(`there is no activity ${name}`);
    return await handler(this.#invocation(name))(input);
  }

  async #add(value: number): Promise<number> {
    await this.world.scheduler.sleep(this.world.latency() * 10, this.scope);
    return value + 1;
  }

  #invocation(name: string): Services {
    const invocation: Invocation = { name, began: this.world.scheduler.now };
    const client = durableClientFor(this.world, this, invocation);
    return this.#services({ backend: computeFor(this.world, this, invocation), client });
  }

  /** As the machine's: a timer runs by a clock that never jumps, and looks at the wall's before it calls. */
  #clock(): HostClock {
    const { scheduler } = this.world;
    const now = () => this.world.wallTime();
    return {
      now,
      setTimer: (at, callback) => {
        let cancel = () => {};
        const wait = () => {
          const left = at - now();
          if (left <= 0) callback();
          else cancel = scheduler.after(Math.ceil(left), wait, this.scope);
        };
        cancel = scheduler.after(Math.max(0, Math.ceil(at - now())), wait, this.scope);
        return () => cancel();
      },
      defer: (callback) => {
        this.#lastDefer = Math.max(this.#lastDefer, scheduler.now + this.world.chance.between(0, 0.2));
        scheduler.after(this.#lastDefer - scheduler.now, callback, this.scope);
      },
    };
  }

  #everyMinute(): void {
    this.world.scheduler.after(
      MINUTE_MS,
      () => {
        const reconciling = timers["reconciler"]?.handler(this.#invocation("reconciler"))();
        reconciling?.catch((error: unknown) => this.#logged("warning", "the reconciler failed", { cause: String(error) }));
        this.#everyMinute();
      },
      this.scope,
    );
  }

  #logged(level: string, message: string, detail: Record<string, unknown> = {}): void {
    const text = `${level}: ${message} ${JSON.stringify(detail)}`;
    this.world.trace(text);
    if (level === "error" && !isExpected(text)) this.world.violated("no-bugs", text);
  }
}

/** What is logged as an error and was made to happen. */
function isExpected(text: string): boolean {
  return (
    text.includes(HOST_FAILS) ||
    text.includes("the answer was lost") ||
    text.includes("too many requests") ||
    // A run or step that a crash took from the store, and nobody had been promised.
    /run [0-9a-f-]+ has no (head|graph|progress|step)/.test(text) ||
    text.startsWith("error: run is given up") ||
    text.startsWith("error: step is given up")
  );
}
