import type { WorkspaceCoordinates } from "../options.ts";
import { ArmError, userError } from "./arm-error.ts";

const WORKSPACE =
  /^\/subscriptions\/([^/]+)\/resourceGroups\/([^/]+)\/providers\/Microsoft\.MachineLearningServices\/workspaces\/([^/]+)(\/.*)?$/i;
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}$/;
const VERSION = /^[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}$/;

/** The operations answered, by their ids in the contract, each with its path below the workspace. */
const ARM_ROUTES = [
  route("Workspaces_Get", "GET", ""),
  route("Compute_List", "GET", "/computes"),
  route("Compute_Get", "GET", "/computes/{name}"),
  route("Compute_CreateOrUpdate", "PUT", "/computes/{name}"),
  route("CodeVersions_List", "GET", "/codes/{name}/versions"),
  route("CodeVersions_Get", "GET", "/codes/{name}/versions/{version}"),
  route("CodeVersions_CreateOrUpdate", "PUT", "/codes/{name}/versions/{version}"),
  route("EnvironmentVersions_List", "GET", "/environments/{name}/versions"),
  route("EnvironmentVersions_Get", "GET", "/environments/{name}/versions/{version}"),
  route("EnvironmentVersions_CreateOrUpdate", "PUT", "/environments/{name}/versions/{version}"),
  route("Jobs_List", "GET", "/jobs"),
  route("Jobs_Get", "GET", "/jobs/{name}"),
  route("Jobs_CreateOrUpdate", "PUT", "/jobs/{name}"),
  route("Jobs_Cancel", "POST", "/jobs/{name}/cancel"),
] as const;

const HISTORY_ROUTES = [
  route("Runs_GetDetails", "GET", "/runs/{name}/details"),
  route("Runs_GetDetails", "GET", "/experiments/{experiment}/runs/{name}/details"),
] as const;

export type Operation = (typeof ARM_ROUTES)[number]["operation"] | (typeof HISTORY_ROUTES)[number]["operation"];

interface Route<O extends string = string> {
  operation: O;
  method: string;
  segments: string[];
}

export interface Match {
  operation: Operation;
  /** Whether the operation belongs to ARM, where each request names its api-version. */
  arm: boolean;
  name: string;
  version: string;
}

/** Finds the operation of a request. @throws {ArmError} 404, 405, or 400 for a name that the service does not allow. */
export function matchOperation(method: string, path: string, workspace: WorkspaceCoordinates): Match {
  const history = path.startsWith("/history/v1.0/");
  const rest = belowWorkspace(history ? path.slice("/history/v1.0".length) : path, workspace);
  const segments = rest.split("/").filter(Boolean);
  const fitting = (history ? HISTORY_ROUTES : ARM_ROUTES).filter((one) => fits(one.segments, segments));
  const found = fitting.find((one) => one.method === method);
  if (found) return { operation: found.operation, arm: !history, ...namesOf(found.segments, segments) };
  if (fitting.length === 0) throw new ArmError(404, "InvalidResourceType", `This workspace answers no ${method} on ${path}`);
  const allow = fitting.map((one) => one.method).join(", ");
  throw new ArmError(405, "MethodNotAllowed", `${method} is not allowed on ${path}; allowed: ${allow}`, { headers: { allow } });
}

function route<const O extends string>(operation: O, method: string, template: string): Route<O> {
  return { operation, method, segments: template.split("/").filter(Boolean) };
}

function belowWorkspace(path: string, workspace: WorkspaceCoordinates): string {
  const [, subscription = "", group = "", name = "", rest = ""] = WORKSPACE.exec(path) ?? [];
  if (!subscription) throw new ArmError(404, "InvalidResourceType", `${path} is not the path of a machine learning workspace`);
  const same = (a: string, b: string) => decode(a).toLowerCase() === b.toLowerCase();
  if (!same(subscription, workspace.subscriptionId)) {
    throw new ArmError(404, "SubscriptionNotFound", `The subscription '${decode(subscription)}' could not be found`);
  }
  if (!same(group, workspace.resourceGroup)) {
    throw new ArmError(404, "ResourceGroupNotFound", `Resource group '${decode(group)}' could not be found`);
  }
  if (!same(name, workspace.workspaceName)) {
    throw new ArmError(
      404,
      "ResourceNotFound",
      `The workspace '${decode(name)}' was not found in resource group '${workspace.resourceGroup}'`,
    );
  }
  return rest;
}

function fits(template: readonly string[], segments: readonly string[]): boolean {
  return (
    template.length === segments.length &&
    template.every((part, index) => part.startsWith("{") || part.toLowerCase() === segments[index]?.toLowerCase())
  );
}

function namesOf(template: readonly string[], segments: readonly string[]): { name: string; version: string } {
  const value = (placeholder: string) => decode(segments[template.indexOf(placeholder)] ?? "");
  const [name, version] = [value("{name}"), value("{version}")];
  if (name && !NAME.test(name)) throw userError(400, "BadArgument", `The name '${name}' must match ${NAME.source}`, "name");
  if (version && !VERSION.test(version))
    throw userError(400, "BadArgument", `The version '${version}' must match ${VERSION.source}`, "version");
  return { name, version };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw new ArmError(400, "InvalidRequestUri", `'${segment}' in the request's path is not percent-encoded as it should be`);
  }
}
