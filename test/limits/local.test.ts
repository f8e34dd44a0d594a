import { existsSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openFileLog } from "../../local/workspace/file-log.ts";
import { walkFolder } from "../../sdk/walk-folder.ts";
import { loadText, MAX_YAML_BYTES } from "../../sdk/yaml/load-yaml.ts";
import { Report } from "../../sdk/yaml/report.ts";
import { parseYaml } from "../../sdk/yaml/yaml-tree.ts";
import { TemporaryFolder } from "../sdk/temporary-folder.ts";

describe("files of `local_path`", () => {
  test.each([
    [3, false],
    [4, true],
  ])("of which 3 are the most: %i are too many: %j", (count, isEndless) => {
    using folder = new TemporaryFolder();
    folder.write(Object.fromEntries(Array.from({ length: count }, (_, index) => [`d${index % 2}/f${index}`, ""])));

    expect(walkFolder(folder.path, () => false, [], 3).endless).toBe(isEndless);
  });
});

describe("pipeline YAML", () => {
  test("of a mebibyte is read, and of one byte more is refused", () => {
    using folder = new TemporaryFolder();
    const file = folder.join("p.yml");
    const report = new Report("p.yml");
    writeFileSync(file, " ".repeat(MAX_YAML_BYTES));
    const text = loadText(file, report);
    writeFileSync(file, " ".repeat(MAX_YAML_BYTES + 1));

    expect(text).toHaveLength(1024 * 1024);
    expect(report.count).toBe(0);
    expect(loadText(file, report)).toBeUndefined();
    expect(report.error().details).toEqual(["p.yml: has 1048577 bytes; 1048576 are the most"]);
  });
});

describe("pipeline YAML with anchors", () => {
  const aliases = (values: number) => `a: &a [${Array(99).fill(1)}]\nb: [${Array(Math.floor(values / 100)).fill("*a")}]\n`;

  test("may stand for 100,000 values, and no more", () => {
    const [atLimit, beyond] = [new Report("p.yml"), new Report("p.yml")];

    expect(parseYaml(aliases(100_000), atLimit)).toBeDefined();
    expect(parseYaml(`${aliases(100_000)}c: &c 1\nd: *c\n`, beyond)).toBeUndefined();
    expect(beyond.error().details).toEqual([expect.stringContaining("has anchors that stand for more than 100000 values")]);
  });
});

describe("the workspace's own log", () => {
  const MIB = 1024 * 1024;

  test.each([
    [10 * MIB, false],
    [10 * MIB + 1, true],
  ])("of %i bytes is put aside at the next start: %j", (bytes, isMoved) => {
    using folder = new TemporaryFolder();
    folder.write({ "logs/host.log": "", "logs/host.log.1": "older" });
    truncateSync(folder.join("logs", "host.log"), bytes);

    const { file } = openFileLog(folder.path, () => {});

    expect(readFileSync(`${file}.1`).length).toBe(isMoved ? bytes : 5);
    expect(existsSync(file) ? statSync(file).size : 0).toBe(isMoved ? 0 : bytes);
  });
});
