import type { HostResponse } from "../contract.ts";

const PAGE = `<!doctype html>
<html lang="en">
<title>Functions host</title>
<p>The Functions host is running.
</html>
`;

/** What `GET /` answers when no function has that route; nothing when `AzureWebJobsDisableHomepage` is true. */
export function homePage(env: NodeJS.ProcessEnv): HostResponse {
  const hidden = /^(?:true|1)$/i.test(env["AzureWebJobsDisableHomepage"] ?? "");
  return hidden ? { status: 204 } : { status: 200, headers: { "content-type": "text/html; charset=utf-8" }, body: PAGE };
}
