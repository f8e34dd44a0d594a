import { describe, expect, test } from "vitest";
import { TestHost } from "./support/test-host.ts";

const PARKED = {
  steps: [
    { do: "echo", value: 1 },
    { do: "race", name: "go", ms: 1_000_000 },
    { do: "echo", value: 2 },
  ],
};

describe("idle instances", () => {
  test("leave the memory, and come back when something comes for them", async () => {
    await using host = await TestHost.open({ mostIdleInstances: 3 });
    for (let i = 0; i < 50; i++) await host.start("program", PARKED, `run-${i}`);
    await host.pass(0);
    const parked = host.engine.loaded;

    for (let i = 0; i < 50; i++) await host.raise(`run-${i}`, "go");
    await host.pass(0);

    expect(parked).toBe(3);
    expect(await host.status("run-7")).toMatchObject({ runtimeStatus: "Completed", output: [1, "event", 2] });
    expect(host.engine.loaded).toBe(0);
    expect(host.errors).toEqual([]);
  });

  test("cost no memory after a restart until something comes for them", async () => {
    let folder = "";
    {
      await using host = await TestHost.open();
      for (let i = 0; i < 50; i++) await host.start("program", PARKED, `run-${i}`);
      await host.pass(0);
      folder = host.copy();
    }

    await using after = await TestHost.open({ from: folder });
    const loaded = after.engine.loaded;
    await after.raise("run-3", "go");

    expect(loaded).toBe(0);
    expect(await after.ending("run-3")).toMatchObject({ output: [1, "event", 2] });
  });
});
