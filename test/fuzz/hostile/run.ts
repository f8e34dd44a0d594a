import fc from "fast-check";
import type { Known } from "../known.ts";
import type { FuzzedWorkspace } from "../workspace.ts";
import { type RawAnswer, sendRaw } from "./raw-request.ts";
import { type HostileRequest, hostileRequests } from "./requests.ts";

/** What the hostile requests came to. */
export interface HostileOutcome {
  statuses: Record<string, number>;
  slowest: { ms: number; what: string };
  finding: string | undefined;
}

const ANSWER_MS = 1000;
/** What is slow each time is the product's doing; what is slow once may be the machine's. */
const REPEATS = 2;
const STACK = /\n\s+at [^\n]+:\d+|node_modules\/|\.[cm]?[jt]s:\d+:\d+/;

/** Sends so many requests that no document describes. The first that is answered as none may be is the finding, made as small as it gets. */
export async function runHostile(
  workspace: FuzzedWorkspace,
  known: Known,
  { count, seed }: { count: number; seed: number },
): Promise<HostileOutcome> {
  const statuses: Record<string, number> = {};
  const slowest = { ms: 0, what: "" };
  const property = fc.asyncProperty(hostileRequests(workspace.address, workspace.token, known), async (request) => {
    const answer = await sendRaw(workspace.address, request.bytes, { thenEnd: !request.isWhole });
    const status = String(answer.status ?? "none");
    statuses[status] = (statuses[status] ?? 0) + 1;
    if (answer.ms > slowest.ms) Object.assign(slowest, { ms: Math.round(answer.ms), what: request.what });
    const wrong = await judge(workspace, request, answer);
    if (wrong !== undefined) throw new Error(`${wrong}: ${request.what}`);
  });
  const { failed, errorInstance } = await fc.check(property, { numRuns: count, seed, endOnFailure: false });
  const message = errorInstance instanceof Error ? errorInstance.message : String(errorInstance);
  return { statuses, slowest, finding: failed ? message : undefined };
}

async function judge(workspace: FuzzedWorkspace, request: HostileRequest, answer: RawAnswer): Promise<string | undefined> {
  const { status, text, ms } = answer;
  if (status === undefined) return request.isWhole ? "no answer" : undefined;
  if (status >= 500) return `answered ${status}`;
  if (status < 300 && status >= 200 && !request.mayEnter) return `somebody unknown was answered ${status}`;
  if (STACK.test(text)) return "the answer holds part of a stack";
  if (text.includes(workspace.folder)) return "the answer names a folder of the machine";
  if (ms <= ANSWER_MS) return undefined;
  const times = [ms];
  for (let i = 0; i < REPEATS; i++) times.push((await sendRaw(workspace.address, request.bytes, { thenEnd: !request.isWhole })).ms);
  return Math.min(...times) > ANSWER_MS ? `answered after ${times.map((time) => `${Math.round(time)} ms`).join(", ")}` : undefined;
}
