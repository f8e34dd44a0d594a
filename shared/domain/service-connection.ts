/** How a service of Azure is reached and who asks: with a key out of a connection string, or as an identity of Entra. */
export type ServiceConnection =
  | { readonly by: "key"; readonly connectionString: string }
  | { readonly by: "identity"; readonly endpoint: string; readonly identity: ServiceIdentity };

/** `default`: the chain that finds a developer's sign-in as well. `clientId`: of a user-assigned identity. */
export interface ServiceIdentity {
  readonly credential: "managedidentity" | "default";
  readonly clientId?: string;
}

/** What is wrong with a setting, and the way out; never its value. */
export interface SettingFault {
  readonly setting: string;
  readonly message: string;
}

/**
 * Reads a connection as the Functions host does: the setting itself is a connection string, or the settings below it (`<name>__…`) name
 * an endpoint and an identity. `endpointOf` gives the endpoint by the settings below it, by the part of the name that follows `__`.
 * @returns undefined when none of these settings is there.
 */
export function readServiceConnection(
  environment: Readonly<Record<string, string | undefined>>,
  name: string,
  endpointOf: (section: (key: string) => string | undefined) => { key: string; endpoint: string } | undefined,
): ServiceConnection | SettingFault | undefined {
  const section = (key: string) => environment[`${name}__${key}`] || undefined;
  const connectionString = environment[name];
  const found = endpointOf(section);
  if (connectionString && found)
    return fault(`${name}__${found.key}`, `is set beside ${name}: keep this one to connect as an identity, or that one for a key`);
  if (connectionString) return { by: "key", connectionString };
  if (!found) {
    const stray = ["credential", "clientId"].find(section);
    return stray === undefined
      ? undefined
      : fault(`${name}__${stray}`, `is set, and no setting names the service's address (see docs/running-in-azure-storage.md)`);
  }
  if (!URL.canParse(found.endpoint)) return fault(`${name}__${found.key}`, "is not a URL");
  return identityConnection(name, found.endpoint, section("credential")?.toLowerCase(), section("clientId"));
}

export function isFault(value: object): value is SettingFault {
  return "setting" in value;
}

/** Whether a service runs on this machine: only there are its parts created by us, and only there does a key that everybody knows open it. */
export function isLoopback(url: string): boolean {
  const { hostname } = new URL(url);
  return hostname === "localhost" || hostname === "[::1]" || /^127(\.\d+){3}$/.test(hostname);
}

function identityConnection(
  name: string,
  endpoint: string,
  credential: string | undefined,
  clientId: string | undefined,
): ServiceConnection | SettingFault {
  if (credential !== undefined && credential !== "managedidentity")
    return fault(`${name}__credential`, "is neither managedidentity nor left out");
  const kind = credential ?? "default";
  return { by: "identity", endpoint, identity: { credential: kind, ...(clientId !== undefined && { clientId }) } };
}

function fault(setting: string, message: string): SettingFault {
  return { setting, message };
}
