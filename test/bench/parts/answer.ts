/** Where an answer ends in what was read from a socket, or null if there is more to come. */
export function answerEnd(read: Buffer): { status: number; headEnd: number; end: number } | null {
  const blankLine = read.indexOf("\r\n\r\n");
  if (blankLine < 0) return null;
  const headEnd = blankLine + 4;
  const head = read.toString("latin1", 0, headEnd);
  const status = Number(head.slice(9, 12));
  // RFC 9112 section 6.3: what tells the length of a body.
  if (status === 304 || status === 204) return { status, headEnd, end: headEnd };
  const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
  if (length !== undefined) {
    const end = headEnd + Number(length);
    return read.length < end ? null : { status, headEnd, end };
  }
  if (/\r\ntransfer-encoding: *chunked/i.test(head)) {
    // One request at a time, and bodies of ours: what ends like the last chunk is the last chunk.
    return read.toString("latin1", read.length - 5) === "0\r\n\r\n"
      ? { status, headEnd, end: read.length }
      : null;
  }
  throw new Error(`an answer that tells no length:\n${head}`);
}
