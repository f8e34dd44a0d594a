// Puts the real orchestrators on an engine, and activities that the bench answers: as functions/main.ts does, without its settings.
import * as df from "durable-functions";

const { orchestrators, activities } = globalThis.penstockBenchApp;

for (const [name, handler] of Object.entries(orchestrators)) df.app.orchestration(name, handler);
for (const [name, handler] of Object.entries(activities)) df.app.activity(name, { handler });
