import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
import { findWorkspace } from "../../sdk/find-workspace.ts";
import { TemporaryFolder } from "./temporary-folder.ts";

const file = (change: object = {}): string =>
  JSON.stringify({
    address: "http://127.0.0.1:7071",
    token: "t",
    pid: process.pid,
    startedAt: "2025-01-01T00:00:00Z",
    version: "0.1.0",
    ...change,
  });
const find = (folder: string, more: object = {}, environment: Record<string, string> = {}) =>
  findWorkspace({ folder, environment, ...more });

describe("findWorkspace", () => {
  test("finds the workspace of this folder or of one above", () => {
    using folder = new TemporaryFolder();
    folder.write({ ".penstock/workspace.json": file(), "a/b/x": "" });

    const found = find(folder.join("a/b"));

    expect(found).toMatchObject({ url: "http://127.0.0.1:7071", stateFolder: folder.join(".penstock"), file: { pid: process.pid } });
    expect(found.token()).toBe("t");
  });

  test("reads the token anew each time, since it is renewed in the file", () => {
    using folder = new TemporaryFolder();
    folder.write({ ".penstock/workspace.json": file() });
    const found = find(folder.path);

    folder.write({ ".penstock/workspace.json": file({ token: "newer" }) });

    expect(found.token()).toBe("newer");
  });

  test("takes the state folder it is given", () => {
    using folder = new TemporaryFolder();
    folder.write({ ".penstock/workspace.json": file(), "other/workspace.json": file({ token: "o" }) });

    expect(find(folder.path, { state: "other" }).token()).toBe("o");
  });

  test("takes a URL with the token of the environment", () => {
    const found = find("/", { url: "https://example.org" }, { PENSTOCK_TOKEN: "e" });

    expect(found.url).toBe("https://example.org");
    expect(found.token()).toBe("e");
    expect(() => find("/", { url: "https://example.org" })).toThrowError(
      expect.objectContaining({ kind: "usage", remedy: "set the environment variable PENSTOCK_TOKEN" }),
    );
    expect(() => find("/", { url: "ftp://example.org" }, { PENSTOCK_TOKEN: "e" })).toThrowError(expect.objectContaining({ kind: "usage" }));
  });

  test("says what to do when none runs", () => {
    using folder = new TemporaryFolder();
    const ended = Number(execFileSync(process.execPath, ["-p", "process.pid"], { encoding: "utf8" }));
    folder.write({ "gone/workspace.json": file({ pid: ended }), "broken/workspace.json": "{" });
    const unreachable = (remedy: string) => expect.objectContaining({ kind: "unreachable", remedy: expect.stringContaining(remedy) });

    expect(() => find(folder.path)).toThrowError(unreachable("npm start"));
    expect(() => find(folder.path, { state: "gone" })).toThrowError(unreachable("npm start"));
    expect(() => find(folder.path, { state: "broken" })).toThrowError(unreachable("npm start"));
  });
});
