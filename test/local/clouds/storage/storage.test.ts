import { appendFile, mkdir, mkdtemp, rename, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import type { EventGridEvent } from "../../../../local/clouds/storage/event-grid.ts";
import { createStorage } from "../../../../local/clouds/storage/storage.ts";

const ACCOUNT = "/subscriptions/s/resourceGroups/g/providers/Microsoft.Storage/storageAccounts/penstock";
const SUBJECT = "/blobServices/default/containers/workspaceblobstore/blobs/";

/** The app's webhook: answers handshakes, keeps what it is told, and answers as `answer` says. */
async function aWebhook() {
  const webhook = {
    handshakes: 0,
    posts: [] as EventGridEvent[][],
    answer: (_events: EventGridEvent[]): number => 202,
    url: "",
    /** Paths of the blobs of all events that were acknowledged. */
    taken: [] as string[],
  };
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const events = JSON.parse(Buffer.concat(chunks).toString()) as EventGridEvent[];
    if (request.headers["aeg-event-type"] === "SubscriptionValidation") {
      webhook.handshakes++;
      response.end(JSON.stringify({ validationResponse: events[0]?.data["validationCode"] }));
      return;
    }
    webhook.posts.push(events);
    const status = webhook.answer(events);
    if (status < 300) webhook.taken.push(...events.map(({ subject }) => subject.slice(SUBJECT.length)));
    response.writeHead(status).end();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  webhook.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook?code=secret`;
  return webhook;
}

async function aDatastore() {
  const home = await mkdtemp(join(tmpdir(), "storage-"));
  onTestFinished(() => rm(home, { recursive: true, force: true }));
  const folder = join(home, "workspaceblobstore");
  const webhook = await aWebhook();
  const logged: string[] = [];
  const open = async (rest: { eventUrl?: string; quietMs?: number } = {}) => {
    const storage = createStorage({
      stateFolder: join(home, "state"),
      container: { name: "workspaceblobstore", folder, account: ACCOUNT },
      eventUrl: webhook.url,
      quietMs: 20,
      log: (message) => logged.push(message),
      ...rest,
    });
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= storage.stop();
      return stopped;
    };
    onTestFinished(stop);
    await storage.start();
    return { stop };
  };
  const drop = async (path: string, text = "text") => {
    await mkdir(dirname(join(folder, path)), { recursive: true });
    await writeFile(join(folder, path), text);
  };
  return { folder, webhook, open, drop, logged };
}

const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 5 });

describe("the storage stand-in", () => {
  test("reports a dropped file as Event Grid does, after a handshake", async () => {
    const { folder, webhook, open, drop } = await aDatastore();
    await open();

    await drop("in/iris data.csv", "12345");

    await until(() => expect(webhook.taken).toEqual(["in/iris data.csv"]));
    expect(webhook.handshakes).toBe(1);
    expect(webhook.posts[0]?.[0]).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      topic: ACCOUNT,
      subject: `${SUBJECT}in/iris data.csv`,
      eventType: "Microsoft.Storage.BlobCreated",
      eventTime: expect.stringMatching(/Z$/),
      data: {
        api: "PutBlob",
        clientRequestId: expect.any(String),
        requestId: expect.any(String),
        eTag: expect.any(String),
        contentType: "application/octet-stream",
        contentLength: 5,
        blobType: "BlockBlob",
        url: pathToFileURL(join(folder, "in/iris data.csv")).href,
        sequencer: expect.stringMatching(/^[0-9a-f]{32}$/),
        storageDiagnostics: { batchId: expect.any(String) },
      },
      dataVersion: "",
      metadataVersion: "1",
    });
  });

  test("reports what was dropped while it was off, once, and what changed again", async () => {
    const { webhook, open, drop } = await aDatastore();
    await drop("a.csv");
    await drop("b.csv");
    const first = await open();
    await until(() => expect(webhook.taken.toSorted()).toEqual(["a.csv", "b.csv"]));
    await first.stop();
    // Delivery is at least once: an answer that the stop cut off is an event sent again, under its id.
    const before = new Set(webhook.posts.flat().map(({ id }) => id));
    await drop("b.csv", "other");
    await drop("c.csv");

    await open();

    const fresh = () =>
      new Map(webhook.posts.flat().flatMap(({ id, subject }) => (before.has(id) ? [] : [[id, subject.split("/").at(-1)]])));
    await until(() => expect([...fresh().values()].toSorted()).toEqual(["b.csv", "c.csv"]));
  });

  test("reports each change of a file's content with another etag", async () => {
    const { webhook, open, drop } = await aDatastore();
    await open();
    await drop("a.csv", "1");
    await until(() => expect(webhook.taken).toHaveLength(1));

    await drop("a.csv", "22");

    await until(() => expect(webhook.taken).toHaveLength(2));
    const [first, second] = webhook.posts.flat().map(({ id, data }) => ({ id, etag: data["eTag"] }));
    expect(first?.etag).not.toBe(second?.etag);
    expect(first?.id).not.toBe(second?.id);
  });

  test("reports a file once when it is written in many pieces", async () => {
    const { folder, webhook, open, drop } = await aDatastore();
    await open({ quietMs: 500 });
    await drop("big.csv", "");

    for (let piece = 0; piece < 200; piece++) await appendFile(join(folder, "big.csv"), "x".repeat(1000));
    await drop("after.csv");

    await until(() => expect(webhook.taken).toContain("after.csv"));
    await until(() => expect(webhook.taken.filter((path) => path === "big.csv")).toHaveLength(1));
    expect(webhook.posts.flat().find(({ subject }) => subject.endsWith("big.csv"))?.data["contentLength"]).toBe(200_000);
  });

  test("passes over hidden files and folders, links, and folders themselves", async () => {
    const { folder, webhook, open, drop } = await aDatastore();
    await open();
    await drop(".upload-1");
    await drop("in/.part");
    await drop(".staging/x");
    await symlink("/etc", join(folder, "etc"));
    await symlink("/etc/hostname", join(folder, "hostname"));
    await mkdir(join(folder, "empty"));

    await drop("in/real.csv");
    await rename(join(folder, ".upload-1"), join(folder, "finished.csv"));

    await until(() => expect(webhook.taken.toSorted()).toEqual(["finished.csv", "in/real.csv"]));
  });

  test("sees into folders that are made, moved in, taken away and made again", async () => {
    const { folder, webhook, open, drop } = await aDatastore();
    await drop("../elsewhere/deep/er/moved.csv");
    await open();
    await drop("one/two/three/new.csv");
    await rename(join(folder, "../elsewhere"), join(folder, "in"));
    await until(() => expect(webhook.taken.toSorted()).toEqual(["in/deep/er/moved.csv", "one/two/three/new.csv"]));
    await rm(join(folder, "one"), { recursive: true });
    await drop("one/two/three/again.csv");
    await until(() => expect(webhook.taken).toContain("one/two/three/again.csv"));

    await drop("one/two/three/last.csv");

    await until(() => expect(webhook.taken).toContain("one/two/three/last.csv"));
  });

  test("reports a file that was deleted and is dropped again", async () => {
    const { folder, webhook, open, drop } = await aDatastore();
    await open();
    await drop("a.csv");
    await until(() => expect(webhook.taken).toEqual(["a.csv"]));
    await rm(join(folder, "a.csv"));

    await drop("a.csv");

    await until(() => expect(webhook.taken).toEqual(["a.csv", "a.csv"]));
  });

  test("reports old files at once, whatever their time says", async () => {
    const { folder, webhook, open, drop } = await aDatastore();
    await drop("old.csv");
    await drop("future.csv");
    await utimes(join(folder, "old.csv"), 0, 0);
    await utimes(join(folder, "future.csv"), 4_000_000_000, 4_000_000_000);

    await open();

    await until(() => expect(webhook.taken.toSorted()).toEqual(["future.csv", "old.csv"]));
  });

  test("can be stopped while it looks through all, and finds the rest the next time", async () => {
    const { webhook, open, drop, folder } = await aDatastore();
    for (let n = 0; n < 200; n++) await drop(`folder-${n}/file.csv`);
    const storage = createStorage({
      stateFolder: join(folder, "../state"),
      container: { name: "workspaceblobstore", folder, account: ACCOUNT },
      eventUrl: webhook.url,
      quietMs: 20,
    });
    const starting = storage.start();
    await storage.stop();
    await starting;

    await open();

    await until(() => expect(new Set(webhook.taken).size).toBe(200));
  });

  test("survives ten thousand files dropped at once", async () => {
    const { webhook, open, folder } = await aDatastore();
    await open();
    const paths = Array.from({ length: 10_000 }, (_, n) => `many/${n % 10}/file-${n}.csv`);
    for (let n = 0; n < 10; n++) await mkdir(join(folder, `many/${n}`), { recursive: true });

    for (let start = 0; start < paths.length; start += 500) {
      await Promise.all(paths.slice(start, start + 500).map((path) => writeFile(join(folder, path), path)));
    }

    await vi.waitFor(() => expect(webhook.taken).toHaveLength(10_000), { timeout: 60_000, interval: 50 });
    expect(new Set(webhook.taken).size).toBe(10_000);
  }, 90_000);
});

describe("the delivery of events", () => {
  test("is tried again until it is acknowledged", async () => {
    const { webhook, open, drop } = await aDatastore();
    let failures = 3;
    webhook.answer = () => (failures-- > 0 ? 500 : 202);
    await open();

    await drop("a.csv");

    await until(() => expect(webhook.taken).toEqual(["a.csv"]));
    expect(webhook.posts).toHaveLength(4);
    expect(new Set(webhook.posts.flat().map(({ id }) => id)).size).toBe(1);
  });

  test("does not let an event that fails hold up others", async () => {
    const { webhook, open, drop } = await aDatastore();
    for (let n = 0; n < 20; n++) await drop(`file-${n}.csv`);
    webhook.answer = (events) => (events.some(({ subject }) => subject.endsWith("file-7.csv")) ? 500 : 202);

    await open();

    await until(() => expect(new Set(webhook.taken).size).toBe(19));
  });

  test.each([400, 413])("is not tried again when the app answers %d to one event", async (status) => {
    const { webhook, open, drop, logged } = await aDatastore();
    webhook.answer = () => status;
    await open();

    await drop("a.csv");

    await until(() =>
      expect(logged).toEqual([`The app did not take the event of blob a.csv: it answered ${status}. It is dropped after 1 tries.`]),
    );
    expect(webhook.posts).toHaveLength(1);
  });

  test("goes on at the next start with what was not acknowledged", async () => {
    const { webhook, open, drop } = await aDatastore();
    webhook.answer = () => 503;
    const first = await open();
    await drop("a.csv");
    await until(() => expect(webhook.posts.length).toBeGreaterThan(0));
    await first.stop();
    webhook.answer = () => 202;

    await open();

    await until(() => expect(webhook.taken).toEqual(["a.csv"]));
  });

  test("waits for the app to answer the handshake, while files are dropped", async () => {
    const { webhook, open, drop, logged } = await aDatastore();
    const gone = await aWebhook();
    await drop("a.csv");
    const first = await open({ eventUrl: gone.url.replace(/:\d+/, ":9") });
    await drop("b.csv");
    await first.stop();

    await open();

    await until(() => expect(webhook.taken.toSorted()).toEqual(["a.csv", "b.csv"]));
    expect(logged.join()).not.toContain("code=secret");
  });
});
