import { describe, expect, test } from "vitest";
import { ADMISSION, Admission } from "../../functions/admission.ts";

const MIB = 1024 * 1024;

describe.each<[row: string, limit: number, take: (admission: Admission) => () => void]>([
  ["submits under way", 64, (admission) => admission.submit()],
  ["requests that wait for news (`waitSeconds`, logs that are followed)", 250, (admission) => admission.wait()],
  ["bytes in the bodies of requests under way", 128, (admission) => admission.body(MIB)],
  ["bytes of files that are being read for answers", 128, (admission) => admission.answer(MIB)],
])("%s", (_row, limit, take) => {
  test("are taken up to the limit, one more is refused until one of them has ended", () => {
    const admission = new Admission(ADMISSION);
    const leaves = Array.from({ length: limit }, () => take(admission));

    expect(() => take(admission)).toThrow(expect.objectContaining({ problem: expect.objectContaining({ kind: "busy" }) }));
    leaves[0]?.();
    expect(() => take(admission)).not.toThrow();
  });
});
