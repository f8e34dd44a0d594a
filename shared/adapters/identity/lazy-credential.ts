import type { AccessToken, TokenCredential } from "@azure/identity";
import type { ServiceIdentity } from "../../domain/service-connection.ts";

/** An identity of Entra, loaded when it is first asked for a token: the library takes a quarter of a second to load. */
export function lazyCredential(identity: ServiceIdentity = { credential: "default" }): TokenCredential {
  let credential: Promise<TokenCredential> | undefined;
  return {
    async getToken(...args): Promise<AccessToken | null> {
      credential ??= load(identity);
      return await (await credential).getToken(...args);
    },
  };
}

async function load({ credential, clientId }: ServiceIdentity): Promise<TokenCredential> {
  const { DefaultAzureCredential, ManagedIdentityCredential } = await import("@azure/identity");
  if (credential === "managedidentity") return clientId ? new ManagedIdentityCredential({ clientId }) : new ManagedIdentityCredential();
  return new DefaultAzureCredential(clientId ? { managedIdentityClientId: clientId } : {});
}
