import { setTimeout as delay } from "node:timers/promises";
import type { Workspace } from "./workspace.ts";

export interface Ask {
  method?: string;
  path: string;
  json?: unknown;
  headers?: Record<string, string>;
}

export interface Answer {
  status: number;
  headers: Headers;
  bytes: Buffer;
}

const TIMEOUT_MS = 120_000;

/** Calls the API, counts refusals, and waits as long as a refusal asks for before it calls again. */
export class Caller {
  /** How often it was told 429. */
  refused = 0;
  /** What was wrong with an answer, by its text. */
  readonly problems = new Set<string>();
  readonly #workspace: Workspace;

  constructor(workspace: Workspace) {
    this.#workspace = workspace;
  }

  /** The first answer other than 429. A 429 must say when to come back and what is full: the app's in problem details, the host's in a line. */
  async ask(ask: Ask): Promise<Answer> {
    for (;;) {
      this.#workspace.assertUp();
      const answer = await this.once(ask);
      if (answer.status >= 500) this.problems.add(`${ask.method ?? "GET"} ${ask.path} answered ${answer.status}`);
      if (answer.status !== 429) return answer;
      this.refused++;
      const seconds = Number(answer.headers.get("retry-after") ?? Number.NaN);
      const said = parse(answer.bytes);
      if (!(seconds > 0)) this.problems.add("a 429 came without Retry-After");
      const isPlain = answer.headers.get("content-type")?.startsWith("text/plain") && answer.bytes.includes("Try again");
      if (!(said.detail && said.remedy) && !isPlain)
        this.problems.add(`a 429 named no limit or no remedy: ${answer.bytes.toString("utf8", 0, 200)}`);
      await delay((seconds > 0 ? seconds : 1) * 1000 * (1 + Math.random() / 2));
    }
  }

  async json<T>(ask: Ask, ...expected: number[]): Promise<T> {
    const { status, bytes } = await this.ask(ask);
    if (!(expected.length > 0 ? expected : [200]).includes(status))
      throw new Error(`${ask.method ?? "GET"} ${ask.path} answered ${status}: ${bytes.toString("utf8", 0, 300)}`);
    return JSON.parse(bytes.toString("utf8")) as T;
  }

  async once({ method = "GET", path, json, headers = {} }: Ask): Promise<Answer> {
    const response = await fetch(`${this.#workspace.file.address}/api/${path}`, {
      method,
      body: json === undefined ? null : JSON.stringify(json),
      headers: {
        authorization: `Bearer ${this.#workspace.file.token}`,
        ...(json !== undefined && { "content-type": "application/json" }),
        ...headers,
      },
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, headers: response.headers, bytes: Buffer.from(await response.arrayBuffer()) };
  }
}

function parse(bytes: Buffer): { detail?: string; remedy?: string } {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return {};
  }
}
