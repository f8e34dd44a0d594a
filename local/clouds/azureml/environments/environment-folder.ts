import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import type { Interpreter } from "./interpreters.ts";

/** What makes two environments the same: the interpreter and what pip is asked for, in whatever order. */
export function environmentKey(interpreter: Interpreter, requirements: readonly string[], pipArguments: readonly string[]): string {
  const lines = requirements.map((line) => line.replaceAll(/\s+/g, " ")).toSorted();
  const identity = JSON.stringify([interpreter.executable, interpreter.version, [...new Set(lines)], pipArguments]);
  return createHash("sha256").update(identity).digest("hex").slice(0, 32);
}

/**
 * The folder of one built environment. A venv holds its own path in many files and cannot be moved, so it is built in its place, and
 * counts only when `ready` is there, which appears all at once.
 */
export class EnvironmentFolder {
  readonly root: string;

  constructor(environments: string, key: string) {
    this.root = join(environments, key);
  }

  get venv(): string {
    return join(this.root, "venv");
  }

  get requirements(): string {
    return join(this.root, "requirements.txt");
  }

  isReady(): boolean {
    return existsSync(join(this.root, "ready"));
  }

  /** Empties the folder, and notes the marker of the processes that will build in it. */
  async begin(marker: string): Promise<void> {
    await this.remove();
    await mkdir(this.root, { recursive: true });
    writeFileSync(join(this.root, "building"), marker);
  }

  /** The marker of a build that was begun and not ended. */
  beganWith(): string | undefined {
    const file = join(this.root, "building");
    return this.isReady() || !existsSync(file) ? undefined : readFileSync(file, "utf8");
  }

  ready(description: unknown): void {
    writeFileSync(join(this.root, "ready.partial"), JSON.stringify(description));
    renameSync(join(this.root, "ready.partial"), join(this.root, "ready"));
  }

  async remove(): Promise<void> {
    await rm(this.root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** The folders under `environments`, by key. */
export function environmentFolders(environments: string): EnvironmentFolder[] {
  return readdirSync(environments).map((key) => new EnvironmentFolder(environments, key));
}
