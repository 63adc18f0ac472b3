import { connect } from "node:net";
import type { RunningServer } from "../../server.ts";

/** What came back over a connection until the server or we closed it. */
export interface RawAnswer {
  /** 0 where nothing came back. */
  status: number;
  head: string;
  body: string;
}

/**
 * Sends bytes as they are, which no HTTP client would. Resolves at the end of the first answer whose length is
 * known, or when the connection is closed; `thenClose` closes our side after the last byte.
 */
export function sendRaw(
  { control }: Pick<RunningServer, "control">,
  parts: (string | Uint8Array)[],
  { thenClose = false }: { thenClose?: boolean } = {},
): Promise<RawAnswer> {
  const { hostname, port } = new URL(control);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    let text = "";
    socket.on("connect", () => {
      for (const part of parts) socket.write(part);
      if (thenClose) socket.end();
    });
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      const { head, body } = parseAnswer(text);
      const length = /^content-length: *(\d+)\r?$/im.exec(head)?.[1];
      if (length !== undefined && body.length >= Number(length)) socket.destroy();
    });
    // A reset is an end like any other: what counts is what was answered before.
    socket.on("error", () => {});
    socket.on("close", () => resolve(parseAnswer(text)));
  });
}

function parseAnswer(text: string): RawAnswer {
  const end = text.indexOf("\r\n\r\n");
  if (end < 0) return { status: 0, head: "", body: "" };
  const head = text.slice(0, end);
  return { status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0), head, body: text.slice(end + 4) };
}
