import { createDocument, type ZodOpenApiOperationObject, type ZodOpenApiPathsObject } from "zod-openapi";
import { ProblemDetails } from "./problem-details.ts";
import type { Route } from "./route.ts";
import { allRoutes } from "./routes/all.ts";

let made: ReturnType<typeof createDocument> | undefined;

/** The API as an OpenAPI 3.1 document, made from the very schemas that read requests. */
export function openApiDocument(): ReturnType<typeof createDocument> {
  made ??= createDocument({
    openapi: "3.1.1",
    info: {
      title: "Penstock",
      version: "0.1.0",
      description: "Azure Machine Learning v1 pipelines on Azure Functions. Errors are RFC 9457 problem details.",
      license: { name: "MIT", identifier: "MIT" },
    },
    security: [{ bearer: [] }],
    components: {
      securitySchemes: {
        bearer: {
          type: "http",
          scheme: "bearer",
          bearerFormat: "JWT",
          description: "An Entra access token with an app role; where a route says so, the token of a step run",
        },
      },
    },
    paths: allRoutes.reduce<ZodOpenApiPathsObject>((paths, route) => {
      const path = `/${route.path}`;
      paths[path] = { ...paths[path], [route.method.toLowerCase()]: operation(route) };
      return paths;
    }, {}),
  });
  return made;
}

function operation(route: Route): ZodOpenApiOperationObject {
  const problem = (description: string) => ({ description, content: { "application/problem+json": { schema: ProblemDetails } } });
  const tooLarge = {
    description: "The body is too large; in plain text where it is over the limit of the host itself",
    content: { ...problem("").content, "text/plain": { schema: { type: "string" } } },
  } as const;
  const bytes = (type = "application/octet-stream") => ({ [type]: { schema: { type: "string", format: "binary" } } }) as const;
  return {
    operationId: route.name,
    summary: route.summary,
    description: `Needs the app role ${route.role} or one above it${route.stepToken ? ", or the token of a step run" : ""}.`,
    requestParams: {
      ...(route.params && { path: route.params }),
      ...(route.query && { query: route.query }),
      ...(route.headers && { header: route.headers }),
    },
    ...(route.body && {
      // An empty file has an empty body.
      requestBody: {
        required: route.body !== "bytes",
        content: route.body === "bytes" ? bytes() : { "application/json": { schema: route.body } },
      },
    }),
    responses: {
      ...Object.fromEntries(
        Object.entries(route.replies).map(([status, reply]) => [
          status,
          {
            description: route.summary,
            ...(reply && { content: reply === "bytes" ? bytes(route.bytesType) : { "application/json": { schema: reply } } }),
          },
        ]),
      ),
      "400": problem("The request is not as it should be"),
      "401": problem("Who is calling is not known"),
      "403": problem("The caller may not do this"),
      // A body may name things by id too.
      ...((route.params || (route.body && route.body !== "bytes")) && { "404": problem("There is no such thing") }),
      ...(route.query && { "414": { description: "The URL is too long" } }),
      ...((route.query || route.headers) && { "431": { description: "The URL and the headers together are too long" } }),
      ...((route.params || route.method !== "GET") && { "409": problem("This does not fit what is there") }),
      ...(route.body && { "411": problem("The body's length is not announced"), "413": tooLarge }),
      ...(route.body && route.body !== "bytes" && { "415": problem("The content is of another type") }),
      ...(206 in route.replies && {
        "413": problem("More than one answer may hold: ask for a range"),
        "416": problem("The file has no such bytes"),
      }),
      ...(route.checksPipeline && {
        "422": problem("The pipeline cannot run as it is: every problem found, with a JSON Pointer where it is in the body"),
      }),
      "500": problem("Something went wrong on our side"),
      "503": problem("The store or the issuer of tokens is out of reach"),
    },
  };
}
