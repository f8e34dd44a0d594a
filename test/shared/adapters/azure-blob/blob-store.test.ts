import { createHash, randomBytes, randomUUID } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Azurite, connectionStringOf, startAzurite } from "../../../../local/workspace/azurite/server.ts";
import { isWhole } from "../../../../shared/adapters/azure-blob/blob-info.ts";
import { openAzureBlobStore } from "../../../../shared/adapters/azure-blob/blob-store.ts";
import { toStoreError } from "../../../../shared/adapters/azure-blob/storage-error.ts";
import type { BlobStore, LayoutFile } from "../../../../shared/ports/blob-store.ts";

const account = { name: "penstock", key: randomBytes(64).toString("base64") };
const credential = { getToken: async () => null };
const at = (path: string) => ({ datastore: "data", path });
const bytes = (text: string) => Buffer.from(text);
const opened = (connectionString: string, containerOf?: (datastore: string) => string) =>
  openAzureBlobStore({ connection: { by: "key", connectionString }, credential, ...(containerOf && { containerOf }) });

describe("openAzureBlobStore", () => {
  let azurite: Azurite;
  let open: () => BlobStore;
  let store: BlobStore;
  beforeAll(async () => {
    azurite = await startAzurite({ port: 0, account });
  });
  afterAll(() => azurite.close());
  beforeEach(() => {
    const container = `data-${randomUUID()}`;
    open = () => opened(connectionStringOf(azurite.endpoint, account), () => container);
    store = open();
  });

  test("goes on with a listing that another process began", async () => {
    const paths = Array.from({ length: 25 }, (_, i) => `a/${String(i).padStart(2, "0")}`);
    await Promise.all(paths.map((path) => store.write(at(path), bytes(path))));
    const seen: string[] = [];

    for (let after: string | undefined, more = true; more; ) {
      const page = await open().list("data", { prefix: "a/", limit: 7, ...(after !== undefined && { after }) });
      seen.push(...page.blobs.map(({ path }) => path));
      after = page.next;
      more = after !== undefined;
    }

    expect(seen).toEqual(paths);
  });

  test("commits an upload again whose answer was lost", async () => {
    await store.stage(at("a"), "u1", 0, bytes("one"));
    await store.stage(at("a"), "u1", 1, bytes("two"));
    const first = await store.commit(at("a"), "u1", 2);

    const again = await store.commit(at("a"), "u1", 2);

    expect([first.size, again.size]).toEqual([6, 6]);
    expect(await store.read(at("a"))).toEqual(bytes("onetwo"));
  });

  test("says which role the identity lacks", async () => {
    const stranger = opened(connectionStringOf(azurite.endpoint, { ...account, key: randomBytes(64).toString("base64") }), () => "data");

    const write = stranger.write(at("a"), bytes("x"));

    await expect(write).rejects.toMatchObject({ kind: "unavailable", message: expect.stringContaining("Storage Blob Data Contributor") });
  });

  describe("layOut", () => {
    const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
    const FILES: LayoutFile[] = ["first", "second"].map((text, i) => ({
      path: `src/${text}.py`,
      executable: false,
      size: text.length,
      sha256: sha256(text),
      from: at("pack"),
      offset: i * "first".length,
    }));
    beforeEach(async () => {
      await store.write(at("pack"), bytes("firstsecond"));
      await store.layOut(at("code/1"), FILES);
    });

    test.each([
      ["changed", async () => void (await store.write(at("code/1/src/first.py"), bytes("other")))],
      ["deleted", () => store.delete(at("code/1/src/second.py"))],
    ])("makes anew, in the next process, what a hand %s", async (_, damage) => {
      await damage();

      await open().layOut(at("code/1"), FILES);

      expect(await store.read(at("code/1/src/first.py"))).toEqual(bytes("first"));
      expect(await store.read(at("code/1/src/second.py"))).toEqual(bytes("second"));
    });

    test("leaves alone, in the next process, what is as it should be", async () => {
      const before = await store.list("data", { prefix: "code/", limit: 10 });

      await open().layOut(at("code/1"), FILES);

      expect(await store.list("data", { prefix: "code/", limit: 10 })).toEqual(before);
    });

    test("can be done by several processes at once", async () => {
      await Promise.all(Array.from({ length: 5 }, () => open().layOut(at("code/2"), FILES)));

      const { blobs } = await store.list("data", { prefix: "code/2/", limit: 10 });

      expect(blobs.map(({ path, size }) => [path, size])).toEqual([
        ["code/2/src/first.py", 5],
        ["code/2/src/second.py", 6],
      ]);
    });

    test("lays out files of several parts and of none", async () => {
      const large = randomBytes(9 * 1024 * 1024);
      await store.write(at("large"), large);
      const of = (path: string, body: Buffer): LayoutFile => ({
        path,
        executable: false,
        size: body.length,
        sha256: createHash("sha256").update(body).digest("hex"),
        from: at("large"),
        offset: 0,
      });

      await store.layOut(at("code/3"), [of("large.bin", large), of("empty", Buffer.alloc(0))]);

      expect(large.equals((await store.read(at("code/3/large.bin"))) ?? bytes(""))).toBe(true);
      expect((await store.stat(at("code/3/empty")))?.size).toBe(0);
    });
  });
});

describe("uri", () => {
  test.each([
    ["UseDevelopmentStorage=true", "http://127.0.0.1:10000/devstoreaccount1/data/a%20b/%E2%82%AC%23.csv"],
    ["AccountName=team;AccountKey=a2V5", "https://team.blob.core.windows.net/data/a%20b/%E2%82%AC%23.csv"],
    [
      "DefaultEndpointsProtocol=https;AccountName=team;AccountKey=a2V5;EndpointSuffix=core.chinacloudapi.cn",
      "https://team.blob.core.chinacloudapi.cn/data/a%20b/%E2%82%AC%23.csv",
    ],
    ["BlobEndpoint=https://blobs.example.com/;AccountName=team;AccountKey=a2V5", "https://blobs.example.com/data/a%20b/%E2%82%AC%23.csv"],
  ])("is below the account's endpoint (%s)", (connectionString, uri) => {
    const store = opened(connectionString);

    expect(store.uri(at("a b/€#.csv"))).toBe(uri);
  });

  test("is below the service's URI for an identity", () => {
    const connection = { by: "identity", endpoint: "https://team.blob.core.windows.net/", identity: { credential: "default" } } as const;

    expect(openAzureBlobStore({ connection, credential }).uri(at("a/b"))).toBe("https://team.blob.core.windows.net/data/a/b");
  });
});

describe("the connection string", () => {
  test.each(["", "AccountKey=a2V5", "BlobEndpoint=here"])("%j is refused with its form", (connectionString) => {
    expect(() => opened(connectionString)).toThrow(/AccountName=…;AccountKey=…/);
  });

  test("with the emulator's key is refused for an account of Azure", () => {
    const key = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

    expect(() => opened(`AccountName=devstoreaccount1;AccountKey=${key}`)).toThrow(/which everybody knows/);
    expect(() => opened(`AccountName=x;AccountKey=${key};BlobEndpoint=http://127.0.0.1:9/x`)).not.toThrow();
  });
});

test.each(["B", "a", "ab", "a--b", "-ab", "ab-", "A-b", "a_b", "x".repeat(64)])("the container %j is refused", async (datastore) => {
  const store = opened("UseDevelopmentStorage=true");

  await expect(store.stat({ datastore, path: "a" })).rejects.toMatchObject({ kind: "invalid-key" });
});

test.each([
  [{}, true],
  [{ copyStatus: "success" }, true],
  [{ copyStatus: "pending" }, false],
  [{ copyStatus: "failed" }, false],
  [{ metadata: { hdi_isfolder: "true" } }, false],
])("a blob with %o is whole: %s", (properties, whole) => {
  expect(isWhole(properties)).toBe(whole);
});

test.each([
  [{ statusCode: 503, code: "ServerBusy" }, "busy"],
  [{ statusCode: 429 }, "busy"],
  [{ statusCode: 412, code: "ConditionNotMet" }, "busy"],
  [{ statusCode: 403, code: "AuthorizationPermissionMismatch" }, "unavailable"],
  [{ statusCode: 404, code: "ContainerNotFound" }, "unavailable"],
  [{ statusCode: 413 }, "too-large"],
  [{ code: "ECONNREFUSED" }, "unavailable"],
])("%o becomes %s", (answer, kind) => {
  expect(toStoreError(Object.assign(new Error("x"), answer), "data/a")).toMatchObject({ kind });
});
