import { z } from "zod";
import type { LocalConfig } from "./local-config.ts";

const Answer = z.object({ access_token: z.string(), expires_in: z.number() });

/** The CLI's token, kept fresh while the workspace runs. */
export interface KeptToken {
  current(): string;
}

/** How often the clock is looked at: so soon the token is renewed after a jump of the clock, or after the machine slept, in milliseconds. */
const LOOK_MS = 15_000;

/** Gets a token from the local issuer by client credentials, and a new one when half of its life is over or it is dated in the future. */
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
  let issuedAt = Date.now();
  const look = async () => {
    const age = Date.now() - issuedAt;
    if (age >= 0 && age < answer.expires_in * 500) return;
    try {
      answer = await ask(standIns, config);
      issuedAt = Date.now();
      onRenewed(answer.access_token);
    } catch {
      // The stand-ins are being started again, or the file cannot be written: it is tried at the next look.
    }
  };
  const timer = setInterval(() => void look(), LOOK_MS).unref();
  signal.addEventListener("abort", () => clearInterval(timer), { once: true });
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
