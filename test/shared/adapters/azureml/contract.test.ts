import { randomUUID } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { onTestFinished } from "vitest";
import { startClouds } from "../../../../local/clouds/clouds.ts";
import { createAzureMlBackend } from "../../../../shared/adapters/azureml/azureml-backend.ts";
import { type ComputeUnderTest, computeBackendContract } from "../../../contracts/compute-backend.contract.ts";
import { aWorkspace, identityToken, SECRETS } from "../../../local/clouds/workspace-of-clouds.ts";

computeBackendContract("Azure ML", async (): Promise<ComputeUnderTest> => {
  const { app, config } = await aWorkspace();
  const clouds = await startClouds(config, () => {});
  const credential = { getToken: async () => ({ token: await identityToken(clouds.address), expiresOnTimestamp: Date.now() + 3_600_000 }) };
  const backend = createAzureMlBackend({
    ...config.workspace,
    baseUrl: clouds.address,
    apiVersion: "2024-04-01",
    audience: "https://management.azure.com/",
    credential,
    clock: { now: Date.now },
  });
  onTestFinished(async () => {
    backend.close();
    await clouds.stop({ preempt: true });
  });
  const blobs = join(config.datastoresRoot, "workspaceblobstore");
  const setFaults = async (operation: string, when: string, effect: object) => {
    const headers = { authorization: `Bearer ${SECRETS.adminSecret}`, "content-type": "application/json" };
    const body = JSON.stringify([{ operation, when, effect, times: 1 }]);
    const response = await fetch(`${clouds.address}/faults`, { method: "PUT", headers, body });
    if (!response.ok) throw new Error(await response.text());
  };
  return {
    backend,
    job: (command, rest) => ({
      key: `${randomUUID()}_1`,
      displayName: "step",
      experimentName: "contract",
      compute: config.cluster,
      environment: { image: "mcr.example/base:1" },
      command,
      inputs: {},
      outputs: {},
      environmentVariables: {},
      tags: {},
      properties: {},
      ...rest,
    }),
    outputFolder: () => {
      const folder = join(blobs, "out", randomUUID());
      const read = (file: string) => {
        try {
          return readFileSync(join(folder, file), "utf8");
        } catch {
          return undefined;
        }
      };
      return { uri: pathToFileURL(folder).href, read };
    },
    inputFolder: (file, text) => {
      const folder = join(blobs, "in", randomUUID());
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, file), text);
      return pathToFileURL(folder).href;
    },
    changed: async (key) => {
      await app.event(({ data }) => data["runId"] === key, app.events.length);
    },
    loseAnswer: () => setFaults("Jobs_CreateOrUpdate", "after", { kind: "reset" }),
    throttle: (seconds) => setFaults("Jobs_Get", "before", { kind: "status", status: 429, headers: { "retry-after": String(seconds) } }),
  };
});
