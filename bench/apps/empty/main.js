// A function that does nothing: what the host itself costs.
const { app } = require("@azure/functions");

app.http("empty", { route: "empty", methods: ["GET", "POST"], authLevel: "anonymous", handler: () => ({ body: "ok" }) });
