import { ok, type Reply } from "../http/reply.ts";
import { guidOf, workspaceId } from "../jobs/run-status-event.ts";
import type { Call, Service } from "./service.ts";

export function getWorkspace({ workspace }: Service, { baseUrl }: Call): Reply {
  const id = guidOf(workspaceId(workspace));
  return ok({
    id: workspaceId(workspace),
    name: workspace.workspaceName,
    type: "Microsoft.MachineLearningServices/workspaces",
    location: workspace.location,
    properties: {
      workspaceId: id,
      friendlyName: workspace.workspaceName,
      discoveryUrl: `${baseUrl}/discovery/workspaces/${id}`,
      provisioningState: "Succeeded",
      v1LegacyMode: false,
    },
  });
}

/** What the discovery URL answers, to anybody: the addresses of the workspace's services, all of them here. */
export function getDiscovery(baseUrl: string): Reply {
  return ok({ api: baseUrl, history: baseUrl });
}
