/** The URLs under which instances are managed, for callers that are given them. */

export interface UrlParts {
  /** Scheme, host and port. */
  origin: string;
  hubName: string;
  systemKey: string;
}

export const WEBHOOK_PATH = "/runtime/webhooks/durabletask";
/** Name of the setting that says where the hub is kept in Azure; nothing here depends on it. */
const CONNECTION = "Storage";

/** URLs for one instance, by the extension's names. The answer to a start has no rewindPostUri [R check-status-response]. */
export function managementUrls(parts: UrlParts, id: string, rewind: boolean): Record<string, string> {
  const base = `${parts.origin}${WEBHOOK_PATH}/instances/${urlEncoded(id)}`;
  const query = `taskHub=${parts.hubName}&connection=${CONNECTION}&code=${parts.systemKey}`;
  return {
    id,
    statusQueryGetUri: `${base}?${query}`,
    sendEventPostUri: `${base}/raiseEvent/{eventName}?${query}`,
    terminatePostUri: `${base}/terminate?reason={text}&${query}`,
    ...(rewind && { rewindPostUri: `${base}/rewind?reason={text}&${query}` }),
    purgeHistoryDeleteUri: `${base}?${query}`,
    restartPostUri: `${base}/restart?${query}`,
    suspendPostUri: `${base}/suspend?reason={text}&${query}`,
    resumePostUri: `${base}/resume?reason={text}&${query}`,
  };
}

/** As .NET's WebUtility.UrlEncode: a blank becomes a plus, and more is encoded than JavaScript does [R instance-ids]. */
function urlEncoded(text: string): string {
  return encodeURIComponent(text)
    .replace(/['~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll("%20", "+");
}

/** JSON of the `durableClient` input (fixture client-binding.json). */
export function clientBinding(parts: UrlParts & { rpcBaseUrl: string }): string {
  const base = `${parts.origin}${WEBHOOK_PATH}`;
  const create = `${base}/orchestrators/{functionName}[/{instanceId}]`;
  return JSON.stringify({
    taskHubName: parts.hubName,
    connectionName: null,
    creationUrls: {
      createNewInstancePostUri: `${create}?code=${parts.systemKey}`,
      createAndWaitOnNewInstancePostUri: `${create}?timeout={timeoutInSeconds}&pollingInterval={intervalInSeconds}&code=${parts.systemKey}`,
    },
    managementUrls: managementUrls(parts, "INSTANCEID", true),
    baseUrl: base,
    requiredQueryStringParameters: `code=${parts.systemKey}`,
    rpcBaseUrl: parts.rpcBaseUrl,
  });
}
