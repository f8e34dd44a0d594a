import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { onTestFinished } from "vitest";
import type { CloudsConfig } from "../../../local/clouds/config.ts";

export const SECRETS = {
  clientSecret: "client-secret-0123456789",
  identityHeader: "identity-header-0123456789",
  adminSecret: "admin-secret-0123456789",
};

interface Event {
  subject: string;
  eventType: string;
  data: Record<string, unknown>;
}

/** The app's webhooks: takes whatever it is told, and tells who waits. */
async function anApp() {
  const events: Event[] = [];
  const waiting = new Set<() => void>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const posted = JSON.parse(Buffer.concat(chunks).toString()) as Event[];
    if (request.headers["aeg-event-type"] === "SubscriptionValidation") {
      response.end(JSON.stringify({ validationResponse: posted[0]?.data["validationCode"] }));
      return;
    }
    events.push(...posted);
    response.writeHead(202).end();
    for (const look of [...waiting]) look();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  /** Resolves with the first event from number `from` on that fits. */
  const event = (fits: (event: Event) => boolean, from = 0) =>
    new Promise<Event>((resolve) => {
      const look = () => {
        const found = events.slice(from).find(fits);
        if (!found) return;
        waiting.delete(look);
        resolve(found);
      };
      waiting.add(look);
      look();
    });
  return { events, event, address: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

/** A state folder, an app that takes events, and the configuration of stand-ins for them. */
export async function aWorkspace(rest: Partial<CloudsConfig> = {}) {
  const home = await mkdtemp(join(tmpdir(), "clouds-"));
  onTestFinished(() => rm(home, { recursive: true, force: true, maxRetries: 10 }));
  const app = await anApp();
  const config: CloudsConfig = {
    stateFolder: join(home, "clouds"),
    port: 0,
    datastoresRoot: join(home, "datastores"),
    tenantId: "11111111-1111-4111-8111-111111111111",
    apiClientId: "33333333-3333-4333-8333-333333333333",
    clientId: "44444444-4444-4444-8444-444444444444",
    ...SECRETS,
    eventGrid: { jobStatusUrl: `${app.address}/jobs`, blobCreatedUrl: `${app.address}/blobs`, headers: {} },
    workspace: {
      subscriptionId: "55555555-5555-4555-8555-555555555555",
      resourceGroup: "local",
      workspaceName: "penstock",
      location: "local",
    },
    cluster: "cpu-cluster",
    maxNodes: 4,
    pipArguments: [],
    ...rest,
  };
  return { app, config, home };
}

/** A token of the app's managed identity, asked for as the app does. */
export async function identityToken(address: string, resource = "https://management.azure.com"): Promise<string> {
  const url = `${address}/msi/token?api-version=2019-08-01&resource=${encodeURIComponent(resource)}`;
  const response = await fetch(url, { headers: { "x-identity-header": SECRETS.identityHeader } });
  return ((await response.json()) as { access_token: string }).access_token;
}
