import { connect } from "node:net";
import fc from "fast-check";
import { expect, test, vi } from "vitest";
import { commonJsApp } from "../support/temp-app.ts";
import { send, sendRaw, testHost } from "../support/test-host.ts";

const APP =
  'app.http("echo", { route: "{*path}", handler: async (r) => ({ jsonBody: { path: r.params.path, query: [...r.query], body: await r.text() } }) });';

test("whatever bytes a well-formed request is damaged with, the answer is HTTP and the host goes on", async () => {
  const host = await testHost(commonJsApp(APP));
  const whole = Buffer.from(
    `POST /api/a/b?c=d HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\nConnection: close\r\nContent-Length: 3\r\nX-A: b\r\n\r\nabc`,
  );
  const damage = fc.array(fc.record({ at: fc.nat(whole.length - 1), byte: fc.nat(255) }), { minLength: 1, maxLength: 4 });

  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      const bytes = Buffer.from(whole);
      for (const { at, byte } of changes) bytes[at] = byte;

      // More bytes than any length that was left promises, and an end to the request line and headers, whatever was cut.
      const answer = await sendRaw(host.port, Buffer.concat([bytes, Buffer.from("x".repeat(1000)), Buffer.from("\r\n\r\n\r\n\r\n")]));

      expect(answer).toMatch(/^HTTP\/1\.1 (?:200|4\d\d) /);
    }),
    { numRuns: 300, interruptAfterTimeLimit: 15_000 },
  );
  expect((await send(host.port, "GET", "/api/x")).status).toBe(200);
});

test("any path, query and header value that HTTP allows is answered without an error of the host", async () => {
  const host = await testHost(commonJsApp(APP));
  const printable = fc.string({ unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)), maxLength: 60 });

  await fc.assert(
    fc.asyncProperty(printable, printable, printable, async (path, query, header) => {
      const { status } = await send(host.port, "GET", `/api/${path}?${query}`, { headers: { "x-a": header } });

      expect([200, 400, 404]).toContain(status);
    }),
    { numRuns: 300, interruptAfterTimeLimit: 15_000 },
  );
  expect(host.logText()).toBe("");
});

test("a caller that leaves before the answer disturbs nothing", async () => {
  const [entered, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  Object.assign(globalThis, { entered: entered.resolve, released: released.promise, left: 0 });
  const host = await testHost(
    commonJsApp(
      'app.http("slow", { handler: async () => { globalThis.entered(); await globalThis.released; globalThis.left += 1; return { body: "x".repeat(1e6) }; } });',
    ),
  );
  const socket = connect(host.port, "127.0.0.1");
  socket.write(`GET /api/slow HTTP/1.1\r\nHost: 127.0.0.1:${host.port}\r\n\r\n`);
  await entered.promise;

  socket.destroy();
  released.resolve();
  await vi.waitFor(() => expect((globalThis as { left?: number }).left).toBe(1));

  expect((await send(host.port, "GET", "/api/slow")).status).toBe(200);
  expect(host.logText()).toBe("");
});
