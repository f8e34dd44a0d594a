import { ApiProblem } from "../../sdk/api-problem.ts";
import type { ApiClient } from "../../sdk/client.ts";
import { getCompute, getDatastore, getEnvironment, putCompute, putDatastore, putEnvironment } from "../../shared/api/routes/catalog.ts";

/** Puts into a new workspace's catalog what Azure ML's workspaces come with. What is there already stays as somebody made it. */
export async function seedCatalog(client: ApiClient): Promise<void> {
  await unlessThere(
    () => client.call(getCompute, { params: { name: "cpu-cluster" } }),
    () =>
      client.call(putCompute, {
        params: { name: "cpu-cluster" },
        body: { kind: "AmlCompute", target: "cpu-cluster", description: "This machine" },
      }),
  );
  for (const name of ["workspaceblobstore", "workspaceartifactstore"]) {
    await unlessThere(
      () => client.call(getDatastore, { params: { name } }),
      () => client.call(putDatastore, { params: { name }, body: { kind: "AzureBlob", container: name } }),
    );
  }
  await unlessThere(
    () => client.call(getEnvironment, { params: { name: "default" } }),
    () => client.call(putEnvironment, { params: { name: "default" }, body: { spec: {}, description: "Python as it is on this machine" } }),
  );
}

async function unlessThere(look: () => Promise<unknown>, put: () => Promise<unknown>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!(error instanceof ApiProblem) || error.status !== 404) throw error;
    await put();
  }
}
