import { describe, expect, test } from "vitest";
import { readAnswer } from "../../../bench/helpers/read-answer.ts";

const answer = (text: string) => readAnswer(Buffer.from(text));

describe("readAnswer", () => {
  test("waits for the whole head and the whole body", () => {
    expect(answer("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n")).toBe(false);
    expect(answer("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nabcd")).toBe(false);
    expect(answer("HTTP/1.1 202 Accepted\r\nContent-Length: 5\r\n\r\nabcde")).toBe(true);
  });

  test("takes an answer that has no body", () => {
    expect(answer("HTTP/1.1 204 No Content\r\nDate: now\r\n\r\n")).toBe(true);
  });

  test("does not count a refusal", () => {
    expect(() => answer("HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")).toThrow("401");
  });

  test("does not guess where an answer ends", () => {
    expect(() => answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")).toThrow("how long");
  });
});
