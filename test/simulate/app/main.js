// Puts the real orchestrators and those of the probes on a host, under the genuine library; activities are the simulation's to answer.
import * as df from "durable-functions";

const { orchestrators, activities } = globalThis.penstockSimulatedApp;

for (const [name, handler] of Object.entries(orchestrators)) df.app.orchestration(name, handler);
for (const [name, handler] of Object.entries(activities)) df.app.activity(name, { handler });
