import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { TestWorkspace, WORKSPACE } from "./workspace.ts";

const workspace = new TestWorkspace({ faultToken: "let-it-fail" });
beforeAll(async () => {
  await workspace.start();
  await workspace.prepare();
});
afterAll(() => workspace.dispose());
beforeEach(() => setFaults([]));

function setFaults(faults: unknown, token = "let-it-fail") {
  return workspace.request("PUT", "/faults", faults, { authorization: `Bearer ${token}` });
}

describe("an injected fault", () => {
  test("refuses an operation before it happens, as often as asked", async () => {
    const effect = { kind: "status", status: 429, headers: { "retry-after": "7" } };
    await setFaults([{ operation: "Jobs_CreateOrUpdate", when: "before", times: 2, effect }]);

    const answers = [];
    for (let index = 0; index < 3; index++) answers.push(await workspace.putJob("throttled", {}));

    expect(answers.map((answer) => answer.status)).toEqual([429, 429, 201]);
    expect(answers[0]?.headers["retry-after"]).toBe("7");
  });

  test("loses the answer of an operation that happened", async () => {
    await setFaults([{ operation: "Jobs_CreateOrUpdate", when: "after", times: 1, effect: { kind: "reset" } }]);

    const lost = workspace.putJob("lost", { command: "echo started" });

    await expect(lost).rejects.toThrow();
    expect((await workspace.putJob("lost", { command: "echo started" })).status).toBe(200);
    await workspace.ended("lost");
    expect(workspace.folders.log("lost")).toBe("started\n");
  });

  test("is met by chance, and by other operations not at all", async () => {
    await setFaults([{ operation: "Jobs_Get", when: "before", probability: 0, effect: { kind: "status", status: 500 } }]);

    expect((await workspace.arm("GET", "/jobs/none")).status).toBe(404);
    expect((await workspace.arm("GET", "/computes")).status).toBe(200);
  });

  test("can be an answer that is no JSON", async () => {
    const effect = { kind: "status", status: 200, headers: { "content-type": "text/html" }, body: "<html>" };
    await setFaults([{ operation: "*", when: "before", times: 1, effect }]);

    expect(await workspace.arm("GET", "/jobs")).toMatchObject({ status: 200, text: "<html>" });
  });
});

test("faults need their own token and a form of their own", async () => {
  expect((await setFaults([], "wrong")).status).toBe(401);
  expect((await setFaults({})).status).toBe(400);
  expect((await workspace.request("PUT", `${WORKSPACE}/faults`, [])).status).toBe(404);
});
