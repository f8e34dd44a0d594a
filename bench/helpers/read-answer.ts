const END_OF_HEAD = Buffer.from("\r\n\r\n");

/** Whether one whole answer is there. @throws {Error} when it is none of success, or does not say how long it is. */
export function readAnswer(received: Buffer): boolean {
  const end = received.indexOf(END_OF_HEAD);
  if (end < 0) return false;
  const head = received.toString("latin1", 0, end);
  if (!head.startsWith("HTTP/1.1 2")) throw new Error(`the server answered ${received.toString("utf8", 0, 300)}`);
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length === undefined && !head.startsWith("HTTP/1.1 204")) throw new Error(`an answer does not say how long it is: ${head}`);
  return received.length >= end + END_OF_HEAD.length + Number(length ?? 0);
}
