import type { StatementSync } from "node:sqlite";
import type { Journal } from "./journal.ts";

export type AssetKind = "codes" | "environments";

export interface AssetRecord {
  kind: AssetKind;
  name: string;
  version: string;
  properties: Record<string, unknown>;
  createdAt: string;
}

/** Code and environment versions, as they were registered. */
export class AssetRecords {
  readonly #journal: Journal;
  readonly #select: StatementSync;
  readonly #list: StatementSync;
  readonly #upsert: StatementSync;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#select = journal.database.prepare("SELECT properties, createdAt FROM assets WHERE kind = ? AND name = ? AND version = ?");
    this.#list = journal.database.prepare("SELECT version, properties, createdAt FROM assets WHERE kind = ? AND name = ? ORDER BY version");
    this.#upsert = journal.database.prepare(
      "INSERT OR REPLACE INTO assets (kind, name, version, properties, createdAt) VALUES (?, ?, ?, ?, ?)",
    );
  }

  get(kind: AssetKind, name: string, version: string): AssetRecord | undefined {
    const row = this.#select.get(kind, name, version);
    return row && toRecord(kind, name, version, row);
  }

  list(kind: AssetKind, name: string): AssetRecord[] {
    return this.#list.all(kind, name).map((row) => toRecord(kind, name, String(row["version"]), row));
  }

  put(record: AssetRecord): void {
    const { kind, name, version, properties, createdAt } = record;
    this.#journal.write(() => this.#upsert.run(kind, name, version, JSON.stringify(properties), createdAt));
  }
}

function toRecord(kind: AssetKind, name: string, version: string, row: Record<string, unknown>): AssetRecord {
  return { kind, name, version, properties: JSON.parse(String(row["properties"])), createdAt: String(row["createdAt"]) };
}
