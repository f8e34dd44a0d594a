import { z } from "zod";
import type { LocalConfig } from "./local-config.ts";

const Answer = z.object({ access_token: z.string(), expires_in: z.number() });

/** The CLI's token, kept fresh while the workspace runs. */
export interface KeptToken {
  current(): string;
}

/** Gets a token from the local issuer by client credentials, and a new one when half of its life is over. */
export async function keepToken({
  standIns,
  config,
  signal,
  onRenewed,
}: {
  standIns: string;
  config: LocalConfig;
  signal: AbortSignal;
  onRenewed: (token: string) => void;
}): Promise<KeptToken> {
  let answer = await ask(standIns, config);
  const renew = () => {
    const timer = setTimeout(async () => {
      try {
        answer = await ask(standIns, config);
        onRenewed(answer.access_token);
      } catch {
        answer = { ...answer, expires_in: 60 }; // the stand-ins are being started again: asked once more in half a minute
      }
      if (!signal.aborted) renew();
    }, answer.expires_in * 500);
    timer.unref();
  };
  renew();
  return { current: () => answer.access_token };
}

async function ask(standIns: string, config: LocalConfig): Promise<z.output<typeof Answer>> {
  const response = await fetch(`${standIns}/${config.tenantId}/oauth2/v2.0/token`, {
    method: "POST",
    body: new URLSearchParams({
      grant_type: "client_credentials",
      client_id: config.clientId,
      client_secret: config.clientSecret,
      scope: `${config.apiClientId}/.default`,
    }),
    signal: AbortSignal.timeout(5000),
  });
  if (!response.ok) throw new Error(`the local issuer answered ${response.status}`);
  return Answer.parse(await response.json());
}
