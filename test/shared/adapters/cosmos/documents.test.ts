import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { connectCosmos } from "../../../../shared/adapters/cosmos/connect.ts";
import { openCosmosDocuments } from "../../../../shared/adapters/cosmos/documents.ts";
import { openContainer } from "../../../../shared/adapters/cosmos/open-container.ts";
import type { Documents } from "../../../../shared/ports/documents.ts";
import { CosmosEmulator, type CosmosFault, QUICK_RETRY } from "../../../support/cosmos-emulator.ts";

const credential = { getToken: async () => null };
const FEW = { ...QUICK_RETRY, attempts: 3 };

describe("openCosmosDocuments", () => {
  let emulator: CosmosEmulator;
  let documents: Documents;
  beforeEach(async () => {
    emulator = await CosmosEmulator.start();
    documents = emulator.open({ retry: FEW });
    await documents.create("p", "there", { n: 1 });
    emulator.requests.length = 0;
  });
  afterEach(async () => {
    await documents.close();
    await emulator.stop();
  });

  const etagOf = async (sk: string) => (await documents.read("p", sk))?.etag ?? "";
  const writes = () => emulator.requests.filter(({ isWrite }) => isWrite).length;
  /** What happens to the first write, the second, and so on. */
  const toWrites = (...faults: (() => CosmosFault | Promise<CosmosFault>)[]) => {
    emulator.fault = ({ isWrite }) => (isWrite ? faults.shift()?.() : undefined);
  };
  const losesAnswer = (): CosmosFault => "lose-answer";

  describe("when the answer to a write is lost", () => {
    test("knows its own creation again", async () => {
      toWrites(losesAnswer);

      const created = await documents.create("p", "a", { n: 1 });

      expect(created).toEqual(await documents.read("p", "a"));
      expect(writes()).toBe(2);
    });

    test("knows its own replacement again, and its tag is good for the next", async () => {
      const etag = await etagOf("there");
      toWrites(losesAnswer);

      const second = await documents.replace("p", "there", { n: 2 }, etag);

      expect(second).toEqual(await documents.read("p", "there"));
      expect(await documents.replace("p", "there", { n: 3 }, second?.etag ?? "")).toMatchObject({ value: { n: 3 } });
    });

    test.each(["new", "there"])(
      "knows its own write of %s though others came upon it before it asked again, and holds a stale tag",
      async (sk) => {
        const other = emulator.open();
        const etag = await etagOf("there");
        const comeUponIt = async (): Promise<CosmosFault> => {
          for (const n of [11, 12]) await other.replace("p", sk, { n }, (await other.read("p", sk))?.etag ?? "");
          return undefined;
        };
        toWrites(losesAnswer, comeUponIt);

        const mine = await (sk === "new" ? documents.create("p", sk, { n: 10 }) : documents.replace("p", sk, { n: 10 }, etag));

        expect(mine?.value).toEqual({ n: 10 });
        expect(await documents.replace("p", sk, { n: 13 }, mine?.etag ?? "")).toBeUndefined();
        expect((await documents.read("p", sk))?.value).toEqual({ n: 12 });
        await other.close();
      },
    );

    test("takes nobody else's write for its own", async () => {
      const other = emulator.open();
      const etag = await etagOf("there");
      toWrites(async () => {
        await other.create("p", "new", { by: "other" });
        return { status: 503 };
      });
      const created = await documents.create("p", "new", { by: "me" });
      toWrites(async () => {
        await other.replace("p", "there", { by: "other" }, etag);
        return { status: 503 };
      });

      const replaced = await documents.replace("p", "there", { by: "me" }, etag);

      expect([created, replaced]).toEqual([undefined, undefined]);
      expect((await documents.read("p", "there"))?.value).toEqual({ by: "other" });
      await other.close();
    });
  });

  test("asks again when a replacement is refused as stale and the document has not changed", async () => {
    const etag = await etagOf("there");
    toWrites(() => ({ status: 412 }));

    const replaced = await documents.replace("p", "there", { n: 2 }, etag);

    expect(replaced?.value).toEqual({ n: 2 });
  });

  test("has the SDK wait for as long as a throttled request is asked to", async () => {
    const waits = [1, 1, 1, 1, 1].map((retryAfterMs) => () => ({ status: 429, retryAfterMs }));
    toWrites(...waits);

    const created = await documents.create("p", "a", {});

    expect(created).toBeDefined();
    expect(writes()).toBe(6);
  });

  test.each([
    [{ status: 429, retryAfterMs: 1 }, { kind: "busy", retryable: true }, /throughput/],
    [{ status: 503 }, { kind: "busy", retryable: true }, /503/],
    [{ status: 449 }, { kind: "busy", retryable: true }, /449/],
    [{ status: 408 }, { kind: "busy", retryable: true }, /408/],
    [{ status: 410 }, { kind: "busy", retryable: true }, /410/],
    [{ status: 413 }, { kind: "too-large", retryable: false }, /in a blob/],
    [{ status: 403 }, { kind: "unavailable", retryable: true }, /Built-in Data Contributor/],
    [{ status: 403, substatus: 1014 }, { kind: "too-large", retryable: false }, /20 GB/],
    [{ status: 404, substatus: 1003 }, { kind: "unavailable", retryable: true }, /no container penstock\/documents.*\/pk/],
    [{ status: 500 }, { kind: "unavailable", retryable: true }, /500/],
  ] as const)("tells %o that does not pass as %o", async (fault, error, message) => {
    emulator.fault = ({ path }) => (path.includes("/docs") ? fault : undefined);

    const attempts = await Promise.allSettled([
      documents.create("p", "a", {}),
      documents.read("p", "there"),
      documents.list("p", { limit: 1 }),
    ]);

    const told = expect.objectContaining({ ...error, message: expect.stringMatching(message) });
    expect(attempts.map((attempt) => attempt.status === "rejected" && attempt.reason)).toEqual([told, told, told]);
  });

  test("tells a replica that is behind as busy, and no document as missing for it", async () => {
    emulator.fault = ({ method, path }) => (method === "GET" && path.includes("/docs/") ? { status: 404, substatus: 1002 } : undefined);

    const read = documents.read("p", "there");

    await expect(read).rejects.toMatchObject({ kind: "busy" });
  });

  test("tells a service that does not answer", async () => {
    const connectionString = "AccountEndpoint=http://127.0.0.1:9/;AccountKey=a2V5;";
    const nowhere = openCosmosDocuments({
      connection: { by: "key", connectionString },
      credential,
      database: "d",
      container: "c",
      retry: FEW,
    });

    const read = nowhere.read("p", "a");

    await expect(read).rejects.toMatchObject({ kind: "unavailable", message: expect.stringContaining("did not answer") });
    await nowhere.close();
  });

  test("names the partition in each query and in its options", async () => {
    await documents.list("p", { limit: 5, where: { n: 1 } });

    const queries = emulator.requests.filter(({ sql }) => sql !== undefined);

    expect(queries.length).toBeGreaterThan(0);
    for (const { sql, headers } of queries) {
      expect(sql).toMatch(/WHERE c\.pk = @pk AND/);
      expect(headers["x-ms-documentdb-partitionkey"]).toBe('["p"]');
    }
  });

  test("finds its container again once it is there", async () => {
    const late = emulator.open({ retry: FEW });
    emulator.fault = ({ path }) => (path.includes("/docs/") ? undefined : { status: 403 });
    await expect(late.read("p", "there")).rejects.toMatchObject({ kind: "unavailable" });
    emulator.fault = () => undefined;

    const read = await late.read("p", "there");

    expect(read?.value).toEqual({ n: 1 });
    await late.close();
  });
});

describe("openContainer", () => {
  let emulator: CosmosEmulator;
  beforeEach(async () => {
    emulator = await CosmosEmulator.start();
  });
  afterEach(() => emulator.stop());

  const NAME = { database: "penstock", container: "documents" };
  const connect = () => connectCosmos({ by: "key", connectionString: emulator.connectionString }, credential);

  test("creates nothing in an account of Azure", async () => {
    const { client } = await connect();

    const opened = openContainer({ client, endpoint: "https://team.documents.azure.com" }, NAME);

    await expect(opened).rejects.toMatchObject({ code: 404 });
    expect(emulator.requests.filter(({ method }) => method !== "GET")).toEqual([]);
    client.dispose();
  });

  test("may be created by many at once on this machine", async () => {
    const connection = await connect();

    const opened = await Promise.all(Array.from({ length: 5 }, () => openContainer(connection, NAME)));

    expect(opened.map(({ id }) => id)).toEqual(Array(5).fill("documents"));
    connection.client.dispose();
  });

  test("refuses a container with another partition key", async () => {
    const connection = await connect();
    await connection.client.databases.create({ id: "penstock" });
    await connection.client.database("penstock").containers.create({ id: "documents", partitionKey: { paths: ["/tenant"] } });

    const opened = openContainer(connection, NAME);

    await expect(opened).rejects.toMatchObject({ kind: "unavailable", message: expect.stringContaining("/tenant and must have /pk") });
    connection.client.dispose();
  });
});

describe("connectCosmos", () => {
  test.each(["", "AccountKey=a2V5;", "AccountEndpoint=here;AccountKey=a2V5;", "https://team.documents.azure.com"])(
    "refuses the connection string %j",
    async (connectionString) => {
      const connected = connectCosmos({ by: "key", connectionString }, credential);

      await expect(connected).rejects.toMatchObject({ message: expect.stringContaining("AccountEndpoint=https://…") });
    },
  );

  test("refuses the key of emulators for an account of Azure", async () => {
    const key = "C2y6yDjf5/R+ob0N8A7Cgv30VRDJIWEHLM+4QDU5DE2nQ9nDuVTqobD4b8mGGyPMbIZnqyMsEcaGQy67XIw/Jw==";
    const to = (endpoint: string) =>
      connectCosmos({ by: "key", connectionString: `AccountEndpoint=${endpoint};AccountKey=${key};` }, credential);

    const [azure, here] = [to("https://team.documents.azure.com:443/"), await to("https://127.0.0.1:8081/")];

    await expect(azure).rejects.toMatchObject({ message: expect.stringContaining("which everybody knows") });
    expect(here.endpoint).toBe("https://127.0.0.1:8081/");
    here.client.dispose();
  });
});
