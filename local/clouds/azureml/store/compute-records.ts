import type { StatementSync } from "node:sqlite";
import type { AmlCompute } from "../contract.ts";
import type { Journal } from "./journal.ts";

export interface ComputeRecord {
  name: string;
  location?: string;
  tags?: Record<string, string> | null;
  properties: AmlCompute;
  createdAt: string;
  modifiedAt: string;
}

export class ComputeRecords {
  readonly #journal: Journal;
  readonly #select: StatementSync;
  readonly #list: StatementSync;
  readonly #upsert: StatementSync;

  constructor(journal: Journal) {
    this.#journal = journal;
    this.#select = journal.database.prepare("SELECT resource FROM computes WHERE name = ?");
    this.#list = journal.database.prepare("SELECT resource FROM computes ORDER BY name");
    this.#upsert = journal.database.prepare("INSERT OR REPLACE INTO computes (name, resource) VALUES (?, ?)");
  }

  get(name: string): ComputeRecord | undefined {
    const row = this.#select.get(name);
    return row && JSON.parse(String(row["resource"]));
  }

  list(): ComputeRecord[] {
    return this.#list.all().map((row) => JSON.parse(String(row["resource"])));
  }

  put(record: ComputeRecord): void {
    this.#journal.write(() => this.#upsert.run(record.name, JSON.stringify(record)));
  }
}
