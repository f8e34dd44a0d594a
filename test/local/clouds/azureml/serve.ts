import http from "node:http";
import type { AddressInfo } from "node:net";
import { createAzureMl } from "../../../../local/clouds/azureml/azureml.ts";

/**
 * A server in a process of its own, which a test can kill: `node serve.ts OPTIONS`. It writes its address to standard
 * output, and takes the one token.
 */
const { token, ...options } = JSON.parse(process.argv[2] ?? "{}");
const azureml = await createAzureMl({
  ...options,
  verifyToken: async (given: string) => {
    if (given !== token) throw new Error("wrong token");
  },
});
const server = http.createServer((request, response) => void azureml.handle(request, response));
server.listen(options.port ?? 0, "127.0.0.1", async () => {
  await azureml.start();
  azureml.startWaiting();
  process.stdout.write(`http://127.0.0.1:${(server.address() as AddressInfo).port}\n`);
});
