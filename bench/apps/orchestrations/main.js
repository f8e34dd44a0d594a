// Orchestrations of the kind that engines are compared by. `globalThis.benchDone` counts the activities that ran in this process.
const df = require("durable-functions");

globalThis.benchDone = 0;
const CITIES = ["Tokyo", "Seattle", "London", "Cairo", "Lima"];

df.app.orchestration("helloCities", function* (context) {
  const greetings = [];
  for (const city of CITIES) greetings.push(yield context.df.callActivity("sayHello", city));
  return greetings;
});
df.app.orchestration("parked", function* (context) {
  yield context.df.callActivity("sayHello", "before");
  yield context.df.waitForExternalEvent("go");
  return yield context.df.callActivity("sayHello", "after");
});
df.app.activity("sayHello", {
  handler: (name) => {
    globalThis.benchDone++;
    return `Hello ${name}!`;
  },
});
