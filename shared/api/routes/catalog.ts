import { z } from "zod";
import { CatalogName } from "../../domain/ids.ts";
import { PutComputeRequest, PutDatastoreRequest, PutEnvironmentRequest } from "../requests.ts";
import { ComputeResource, DatastoreResource, EnvironmentResource, WorkspaceResource } from "../resources.ts";
import { route } from "../route.ts";

const params = z.object({ name: CatalogName });

export const getWorkspace = route({
  name: "getWorkspace",
  method: "GET",
  path: "api/workspace",
  summary: "Shows the workspace, its defaults and its limits",
  role: "Reader",
  replies: { 200: WorkspaceResource },
});

export const getOpenApi = route({
  name: "getOpenApi",
  method: "GET",
  path: "api/openapi.json",
  summary: "This document",
  role: "Reader",
  replies: { 200: z.record(z.string(), z.unknown()) },
});

export const putCompute = route({
  name: "putCompute",
  method: "PUT",
  path: "api/computes/{name}",
  summary: "Adds a compute target or replaces it",
  role: "Author",
  params,
  body: PutComputeRequest,
  replies: { 200: ComputeResource },
});
export const getCompute = route({
  name: "getCompute",
  method: "GET",
  path: "api/computes/{name}",
  summary: "Shows a compute target",
  role: "Reader",
  params,
  replies: { 200: ComputeResource },
});
export const listComputes = route({
  name: "listComputes",
  method: "GET",
  path: "api/computes",
  summary: "Lists compute targets",
  role: "Reader",
  replies: { 200: z.object({ computes: z.array(ComputeResource) }) },
});

export const putDatastore = route({
  name: "putDatastore",
  method: "PUT",
  path: "api/datastores/{name}",
  summary: "Adds a datastore or replaces it",
  role: "Author",
  params,
  body: PutDatastoreRequest,
  replies: { 200: DatastoreResource },
});
export const getDatastore = route({
  name: "getDatastore",
  method: "GET",
  path: "api/datastores/{name}",
  summary: "Shows a datastore",
  role: "Reader",
  params,
  replies: { 200: DatastoreResource },
});
export const listDatastores = route({
  name: "listDatastores",
  method: "GET",
  path: "api/datastores",
  summary: "Lists datastores",
  role: "Reader",
  replies: { 200: z.object({ datastores: z.array(DatastoreResource) }) },
});

export const putEnvironment = route({
  name: "putEnvironment",
  method: "PUT",
  path: "api/environments/{name}",
  summary: "Adds an environment or replaces it",
  role: "Author",
  params,
  body: PutEnvironmentRequest,
  replies: { 200: EnvironmentResource },
});
export const getEnvironment = route({
  name: "getEnvironment",
  method: "GET",
  path: "api/environments/{name}",
  summary: "Shows an environment",
  role: "Reader",
  params,
  replies: { 200: EnvironmentResource },
});
export const listEnvironments = route({
  name: "listEnvironments",
  method: "GET",
  path: "api/environments",
  summary: "Lists environments",
  role: "Reader",
  replies: { 200: z.object({ environments: z.array(EnvironmentResource) }) },
});
