import { readFileSync } from "node:fs";
import { join } from "node:path";
import { WORKSPACE_FILE, WorkspaceFile } from "../../shared/api/workspace-file.ts";
import { type Finding, wrong } from "./finding.ts";
import { CASE_MS, until } from "./patience.ts";
import type { Workspace } from "./workspace.ts";

export interface Answer {
  status: number;
  bytes: Buffer;
  headers: Headers;
  /** Whether an earlier try was sent and not answered: what it asked for may have been done. */
  again: boolean;
}

export interface Ask {
  method?: string;
  path: string;
  json?: unknown;
  bytes?: Buffer<ArrayBuffer>;
  headers?: Record<string, string>;
}

/**
 * A client as patient as people's scripts should be: what was not answered is asked again, wherever the workspace answers by then. An answer
 * that no kill explains is noted.
 */
export class Client {
  readonly #workspace: Pick<Workspace, "stateFolder" | "assertUp">;
  readonly #findings: Finding[];

  constructor(workspace: Pick<Workspace, "stateFolder" | "assertUp">, findings: Finding[]) {
    this.#workspace = workspace;
    this.#findings = findings;
  }

  /** Asks until there is an answer below 500. @throws {Error} when none comes. */
  async ask(ask: Ask): Promise<Answer> {
    let again = false;
    return await until(
      async () => {
        this.#workspace.assertUp();
        const response = await this.#once(ask);
        // 401: the token of a start that is over.
        if (response && response.status < 500 && response.status !== 401 && response.status !== 429) return { ...response, again };
        if (response?.status === 500)
          this.#findings.push(wrong(`${ask.method ?? "GET"} ${ask.path} answered 500: ${response.bytes.toString("utf8", 0, 300)}`));
        again = true;
        return undefined;
      },
      `an answer to ${ask.method ?? "GET"} ${ask.path}`,
      CASE_MS,
      30,
    );
  }

  /** {@link ask} for JSON. @throws {Error} for a status that is not among those expected. */
  async json<T>(ask: Ask, ...expected: number[]): Promise<T> {
    const { status, bytes } = await this.ask(ask);
    if (!(expected.length > 0 ? expected : [200]).includes(status))
      throw new Error(`${ask.method ?? "GET"} ${ask.path} answered ${status}: ${bytes.toString("utf8", 0, 300)}`);
    return (bytes.length > 0 ? JSON.parse(bytes.toString("utf8")) : undefined) as T;
  }

  async #once({ method = "GET", path, json, bytes, headers = {} }: Ask): Promise<Omit<Answer, "again"> | undefined> {
    try {
      const { address, token } = WorkspaceFile.parse(JSON.parse(readFileSync(join(this.#workspace.stateFolder, WORKSPACE_FILE), "utf8")));
      const body = json !== undefined ? JSON.stringify(json) : (bytes ?? null);
      const type =
        json !== undefined ? { "content-type": "application/json" } : bytes ? { "content-type": "application/octet-stream" } : {};
      const response = await fetch(`${address}/api/${path}`, {
        method,
        body,
        headers: { authorization: `Bearer ${token}`, ...type, ...headers },
        signal: AbortSignal.timeout(20_000),
      });
      return { status: response.status, bytes: Buffer.from(await response.arrayBuffer()), headers: response.headers };
    } catch {
      return undefined; // not there yet, or no longer
    }
  }
}
