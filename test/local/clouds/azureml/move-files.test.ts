import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { moveFiles } from "../../../../local/clouds/azureml/jobs/move-files.ts";

let job: string;
let place: string;
beforeEach(() => {
  job = mkdtempSync(join(tmpdir(), "penstock-move-"));
  place = join(job, "..", `${job.split("/").at(-1)}-place`);
  mkdirSync(join(job, "outputs"));
});
afterEach(() => {
  for (const folder of [job, place]) rmSync(folder, { recursive: true, force: true });
});

describe("moveFiles", () => {
  test("makes files of links inside the job, whichever of the two comes first", async () => {
    writeFileSync(join(job, "outputs", "m"), "text");
    for (const name of ["a", "z"]) symlinkSync("m", join(job, "outputs", name));

    const leftOut = await moveFiles(join(job, "outputs"), place, job);

    expect(leftOut).toEqual([]);
    expect(["a", "m", "z"].map((name) => readFileSync(join(place, name), "utf8"))).toEqual(["text", "text", "text"]);
  });

  test("leaves out links to elsewhere, to folders and to themselves, and keeps the rest", async () => {
    writeFileSync(join(job, "outputs", "kept"), "");
    for (const [name, target] of Object.entries({ out: "/etc/hostname", folder: "/etc", up: "..", self: "self", none: "none-there" }))
      symlinkSync(target, join(job, "outputs", name));

    const leftOut = await moveFiles(join(job, "outputs"), place, job);

    expect(leftOut.sort()).toEqual(["folder", "none", "out", "self", "up"]);
    expect(readdirSync(place)).toEqual(["kept"]);
  });

  // macOS refuses such a name itself.
  test.runIf(process.platform === "linux")("leaves out names that are no UTF-8, and keeps the rest", async () => {
    const outputs = Buffer.from(`${join(job, "outputs")}/`);
    writeFileSync(Buffer.concat([outputs, Buffer.from([0x62, 0xff])]), "");
    mkdirSync(Buffer.concat([outputs, Buffer.from([0x64, 0xff])]));
    writeFileSync(join(job, "outputs", "kept"), "");

    const leftOut = await moveFiles(join(job, "outputs"), place, job);

    expect(leftOut.sort()).toEqual(["b\uFFFD", "d\uFFFD"]);
    expect(existsSync(join(place, "kept"))).toBe(true);
  });
});
