// The app of the durable engine's tests. Most of them run `program`, whose input says what it does.
const df = require("durable-functions");

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

df.app.activity("echo", { handler: (value) => value });
df.app.activity("slow", {
  handler: async ({ ms, value }) => {
    await sleep(ms);
    return value;
  },
});
df.app.activity("fail", {
  handler: (text) => {
    throw new Error(text);
  },
});

const broken = new Set();
/** Fails the first time it is called with a key. */
df.app.activity("failsOnce", {
  handler: (key) => {
    if (broken.has(key)) return `${key} mended`;
    broken.add(key);
    throw new Error(`${key} is broken`);
  },
});

/** The task of one step; steps that are no task of their own are handled by `run`. */
function task(d, step) {
  const later = (ms) => new Date(d.currentUtcDateTime.getTime() + ms);
  switch (step.do) {
    case "echo":
      return d.callActivity("echo", step.value);
    case "slow":
      return d.callActivity("slow", { ms: step.ms, value: step.ms });
    case "fail":
      return d.callActivity("fail", "no");
    case "retry":
      return d.callActivityWithRetry(step.ok ? "echo" : "fail", new df.RetryOptions(step.ms, step.times), "again");
    case "timer":
      return d.createTimer(later(step.ms));
    case "event":
      return d.waitForExternalEvent(step.name);
    case "child":
      return d.callSubOrchestrator("program", { steps: step.steps });
    case "all":
      return d.Task.all(step.of.map((one) => task(d, one)));
    case "any":
      return d.Task.any(step.of.map((one) => task(d, one)));
    default:
      throw new Error(`no step '${step.do}'`);
  }
}

function* run(d, step) {
  if (step.do !== "race") return yield task(d, step);
  const event = d.waitForExternalEvent(step.name);
  const timer = d.createTimer(new Date(d.currentUtcDateTime.getTime() + step.ms));
  const winner = yield d.Task.any([event, timer]);
  if (winner === event) timer.cancel();
  return winner === event ? "event" : "timer";
}

df.app.orchestration("program", function* (context) {
  const d = context.df;
  const { steps, generations = 0 } = d.getInput();
  const out = [];
  for (const step of steps) {
    try {
      const result = yield* run(d, step);
      out.push(result?.constructor?.name.endsWith("Task") ? "task" : (result ?? null));
    } catch (error) {
      out.push(error.message.split("\n")[0]);
    }
    d.setCustomStatus({ steps: out.length });
  }
  if (generations > 0) {
    d.continueAsNew({ steps, generations: generations - 1 });
    return undefined;
  }
  return out;
});

df.app.orchestration("childEnds", function* (context) {
  const { df: d } = context;
  try {
    return yield d.callSubOrchestrator("program", { steps: [{ do: "event", name: "go" }] }, `${d.instanceId}-child`);
  } catch {
    return "caught";
  }
});

df.app.orchestration("mends", function* (context) {
  const { df: d } = context;
  const before = yield d.callActivity("echo", "before");
  const kept = yield d.callSubOrchestrator("mendsBelow", d.instanceId);
  return [before, kept];
});
df.app.orchestration("mendsBelow", function* (context) {
  return yield context.df.callActivity("failsOnce", context.df.getInput());
});

const turns = new Map();
const turn = (id) => turns.set(id, (turns.get(id) ?? 0) + 1).get(id);
/** Does at its first turn what `first` says, later what `later` says. */
df.app.orchestration("changes", function* (context) {
  const { df: d } = context;
  const { first, later } = d.getInput();
  const step = turn(d.instanceId) === 1 ? first : later;
  if (step) yield task(d, step);
  return yield d.callActivity("echo", "end");
});

// biome-ignore lint/correctness/useYield: it has nothing to wait for
df.app.orchestration("throwsText", function* () {
  throw "a text";
});
df.app.orchestration("callsNobody", function* (context) {
  return yield context.df.callActivity("nobody", 1);
});
df.app.orchestration("twiceInAny", function* (context) {
  const { df: d } = context;
  const open = [d.callActivity("slow", { ms: 10, value: "a" }), d.callActivity("slow", { ms: 500, value: "b" })];
  yield d.Task.any(open);
  return (yield d.Task.any(open.slice(1))).result;
});
df.app.orchestration("http", function* (context) {
  const answer = yield context.df.callHttp(context.df.getInput());
  return { status: answer.statusCode, content: answer.content };
});
