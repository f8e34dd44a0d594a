import { EventEmitter } from "node:events";
import type { ServerResponse } from "node:http";
import { describe, expect, test, vi } from "vitest";
import { UntakenAnswers } from "../../../../local/host/http/untaken-answers.ts";

const MIB = 1024 * 1024;

/** A response as far as answers are counted. */
function aResponse() {
  const setTimeout = vi.fn();
  return { response: Object.assign(new EventEmitter(), { socket: { setTimeout } }) as unknown as ServerResponse, setTimeout };
}

describe("UntakenAnswers", () => {
  test("keeps a large answer back while as many bytes as there may be wait to be taken", () => {
    const answers = new UntakenAnswers(3 * MIB);
    const slow = aResponse().response;
    answers.admit(slow, 2 * MIB);

    const before = answers.admit(aResponse().response, 2 * MIB);
    slow.emit("close");

    expect([before, answers.admit(aResponse().response, 2 * MIB)]).toEqual([false, true]);
  });

  test("lets small ones pass, and one that is larger than all when there is no other", () => {
    const answers = new UntakenAnswers(MIB);

    const admitted = [answers.admit(aResponse().response, 5 * MIB), answers.admit(aResponse().response, 1000)];

    expect(admitted).toEqual([true, true]);
  });

  test("cuts off who takes nothing of a large one, and gives small ones all the time", () => {
    const answers = new UntakenAnswers(MIB);
    const [large, small] = [aResponse(), aResponse()];

    answers.admit(large.response, MIB);
    answers.admit(small.response, 10);

    expect(large.setTimeout).toHaveBeenCalledWith(30_000);
    expect(small.setTimeout).not.toHaveBeenCalled();
  });
});
