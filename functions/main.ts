import { app, type InvocationContext } from "@azure/functions";
import * as df from "durable-functions";
import { compose } from "../shared/composition.ts";
import { readSettings } from "../shared/settings.ts";
import { contextLog } from "./context-log.ts";
import { durableCalls } from "./durable-http.ts";
import { durableOrchestrations, noOrchestrations } from "./durable-orchestrations.ts";
import { activities, durableRoutes, eventTriggers, orchestrators, routes, timers } from "./registry.ts";
import { answerUnknownRoute, UNKNOWN_ROUTE } from "./unknown-route.ts";

/** Puts the registry on the Functions host: the one file with that side effect, and the entry point of the deployed bundle. */
const { services: servicesFor, close } = compose(readSettings(process.env));
app.hook.appTerminate(close);
const durableClient = df.input.durableClient();
const services = (context: InvocationContext) =>
  servicesFor(durableOrchestrations(durableCalls(durableClient, context)), contextLog(context));

for (const bound of routes) {
  const { route, answer } = bound;
  const isDurable = durableRoutes.has(bound);
  app.http(route.name, {
    methods: [route.method],
    route: route.path,
    authLevel: "anonymous", // the route checks the caller's token itself, here and in Azure
    ...(isDurable && { extraInputs: [durableClient] }),
    handler: (request, context) =>
      answer(isDurable ? services(context) : servicesFor(noOrchestrations, contextLog(context)), request, context),
  });
}
app.http(UNKNOWN_ROUTE.name, {
  methods: ["GET", "POST", "DELETE", "HEAD", "PATCH", "PUT", "OPTIONS"],
  route: UNKNOWN_ROUTE.path,
  authLevel: "anonymous",
  handler: async (request) => answerUnknownRoute(request),
});
for (const [name, handler] of Object.entries(orchestrators)) df.app.orchestration(name, handler);
for (const [name, handler] of Object.entries(activities)) {
  df.app.activity(name, { extraInputs: [durableClient], handler: (input: unknown, context) => handler(services(context))(input) });
}
for (const [name, handler] of Object.entries(eventTriggers)) {
  app.eventGrid(name, { extraInputs: [durableClient], handler: async (event, context) => void (await handler(services(context))(event)) });
}
for (const [name, { schedule, handler }] of Object.entries(timers)) {
  app.timer(name, { schedule, extraInputs: [durableClient], handler: (_timer, context) => handler(services(context))() });
}
