import { PROVIDER } from "../contract.ts";
import { workspaceId } from "../jobs/run-status-event.ts";
import type { WorkspaceCoordinates } from "../options.ts";

/** The envelope of an ARM resource below the workspace. `path` is such as `jobs/train`. */
export function armResource(
  workspace: WorkspaceCoordinates,
  path: string,
  properties: unknown,
  createdAt: string,
  modifiedAt = createdAt,
): Record<string, unknown> {
  const segments = path.split("/");
  const type = [PROVIDER, "workspaces", ...segments.filter((_, index) => index % 2 === 0)].join("/");
  const by = { createdByType: "Application", lastModifiedByType: "Application" };
  return {
    id: `${workspaceId(workspace)}/${path}`,
    name: segments.at(-1) ?? "",
    type,
    properties,
    systemData: { ...by, createdAt, lastModifiedAt: modifiedAt },
  };
}

/** Reads an ARM id of this workspace, such as `…/codes/x/versions/1`, into its names; undefined for any other id. */
export function namesInId(workspace: WorkspaceCoordinates, id: string, ...kinds: string[]): string[] | undefined {
  const prefix = `${workspaceId(workspace)}/`;
  const plain = id.startsWith("azureml:") ? id.slice("azureml:".length) : id;
  if (plain.slice(0, prefix.length).toLowerCase() !== prefix.toLowerCase()) return undefined;
  const segments = plain.slice(prefix.length).split("/");
  if (segments.length !== 2 * kinds.length) return undefined;
  const fits = kinds.every((kind, index) => segments[2 * index]?.toLowerCase() === kind);
  return fits ? segments.filter((_, index) => index % 2 === 1) : undefined;
}

/** JSON with its keys sorted and what is null left out: the same for bodies that ask for the same. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, member: unknown) => {
    if (typeof member !== "object" || member === null || Array.isArray(member)) return member;
    const entries = Object.entries(member).filter(([, one]) => one !== null);
    return Object.fromEntries(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)));
  });
}
