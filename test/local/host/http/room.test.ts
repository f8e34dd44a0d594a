import { describe, expect, test } from "vitest";
import { Room } from "../../../../local/host/http/room.ts";

const NEVER = new AbortController().signal;

/** Whether a promise has resolved by the end of this turn. */
async function isIn(entry: Promise<unknown>): Promise<boolean> {
  return await Promise.race([entry.then(() => true), new Promise<false>((resolve) => setImmediate(() => resolve(false)))]);
}

describe("Room", () => {
  test("lets wait what does not fit, until something is given back", async () => {
    const room = new Room(10);
    const first = await room.take(6, NEVER);
    const second = room.take(6, NEVER);

    const before = await isIn(second);
    first?.();

    expect([before, await isIn(second)]).toEqual([false, true]);
  });

  test("is given in the order of asking, so that much is not passed over for little", async () => {
    const room = new Room(10);
    const first = await room.take(6, NEVER);
    const much = room.take(10, NEVER);
    const little = room.take(1, NEVER);

    const before = [await isIn(much), await isIn(little)];
    first?.();
    const after = [await isIn(much), await isIn(little)];

    expect([before, after]).toEqual([
      [false, false],
      [true, false],
    ]);
  });

  test("gives all of it to what is larger than all of it", async () => {
    expect(await isIn(new Room(10).take(11, NEVER))).toBe(true);
  });

  test("holds nobody up behind one who has gone", async () => {
    const room = new Room(10);
    await room.take(6, NEVER);
    const gone = new AbortController();
    const much = room.take(10, gone.signal);
    const little = room.take(4, NEVER);

    gone.abort();

    expect(await much).toBeUndefined();
    expect(await isIn(little)).toBe(true);
  });
});
