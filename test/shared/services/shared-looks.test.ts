import { describe, expect, test } from "vitest";
import { SharedLooks } from "../../../shared/services/shared-looks.ts";

/** Looks that end when they are told, each with its number. */
function looks() {
  const shared = new SharedLooks<number>();
  const under: PromiseWithResolvers<number>[] = [];
  const look = (key = "a") =>
    shared.look(key, () => {
      const one = Promise.withResolvers<number>();
      under.push(one);
      return one.promise;
    });
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
  return { look, under, turn };
}

describe("SharedLooks", () => {
  test("makes one look for all who come while another is under way, and begins it after they came", async () => {
    const { look, under, turn } = looks();
    const first = look();
    const others = [look(), look(), look()];

    const before = under.length;
    under[0]?.resolve(1);
    await turn();
    under[1]?.resolve(2);

    expect([before, await first, ...(await Promise.all(others))]).toEqual([1, 1, 2, 2, 2]);
    expect(under).toHaveLength(2);
  });

  test("looks anew for who comes when all is over, and for another key at once", async () => {
    const { look, under, turn } = looks();
    const first = look();
    const other = look("b");
    under[0]?.resolve(1);
    under[1]?.resolve(2);
    await turn();

    const later = look();
    under[2]?.resolve(3);

    expect(await Promise.all([first, other, later])).toEqual([1, 2, 3]);
  });

  test("gives an error to those who shared the look, and to nobody else", async () => {
    const { look, under, turn } = looks();
    const [first, second] = [look(), look()];
    under[0]?.reject(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    await turn();
    under[1]?.resolve(2);

    expect(await second).toBe(2);
  });

  test("shares with those who come while the next is under way only the one after it", async () => {
    const { look, under, turn } = looks();
    const [first, second] = [look(), look()];
    under[0]?.resolve(1);
    await turn();

    const third = look();
    under[1]?.resolve(2);
    await turn();
    under[2]?.resolve(3);

    expect(await Promise.all([first, second, third])).toEqual([1, 2, 3]);
  });
});
