import { asJson } from "./json-reader.ts";
import type { InstanceRow } from "./storage.ts";

/** The status of an instance as the API shows it. JSON text, since input and output may be what JSON does not know. */
export function statusJson(row: InstanceRow, show: { input: boolean; history?: string }): string {
  const members = [
    ["name", JSON.stringify(row.name)],
    ["instanceId", JSON.stringify(row.id)],
    ["runtimeStatus", JSON.stringify(row.status)],
    ["input", show.input ? asJson(row.input) : "null"],
    ["customStatus", asJson(row.customStatus)],
    ["output", asJson(row.output)],
    ["createdTime", seconds(row.created)],
    ["lastUpdatedTime", seconds(row.updated)],
    ...(show.history === undefined ? [] : [["historyEvents", show.history]]),
  ];
  return `{${members.map(([name, value]) => `"${name}":${value}`).join(",")}}`;
}

function seconds(at: number): string {
  return `"${new Date(at).toISOString().slice(0, 19)}Z"`;
}
