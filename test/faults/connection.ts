import { connect } from "node:net";

export interface Answer {
  status: number;
  body: string;
}

/** One TCP connection that speaks HTTP by hand: it sends in pieces, and reads when it is told to. */
export interface Connection {
  send(text: string): void;
  /** Stops reading, as a client does that is slower than the server; what was sent fills the system's buffers. */
  pause(): void;
  resume(): void;
  /** The next answer, in whole. Rejects if the connection ends before. */
  answer(): Promise<Answer>;
  /** Resolves when the connection has ended, in whatever way. */
  ended: Promise<void>;
  close(): void;
}

/** Rejects if nobody takes the connection. */
export async function openConnection(address: string): Promise<Connection> {
  const { hostname, port } = new URL(address);
  const socket = connect({ host: hostname, port: Number(port) });
  let received = Buffer.alloc(0);
  let chunks: Buffer[] = [];
  let over = false;
  let notify = () => {};
  socket.on("data", (chunk: Buffer) => {
    chunks.push(chunk);
    notify();
  });
  const ended = new Promise<void>((resolve) => {
    socket.on("close", () => {
      over = true;
      notify();
      resolve();
    });
  });
  await new Promise<void>((resolve, reject) => socket.on("connect", resolve).on("error", reject));

  /** Takes a whole answer from the front of what was received. */
  const take = (): Answer | null => {
    received = Buffer.concat([received, ...chunks]);
    chunks = [];
    const head = received.indexOf("\r\n\r\n");
    if (head < 0) return null;
    const headers = received.toString("latin1", 0, head);
    const length = Number(/^content-length: *(\d+)/im.exec(headers)?.[1] ?? 0);
    const end = head + 4 + length;
    if (received.length < end) return null;
    const body = received.toString("utf8", head + 4, end);
    received = received.subarray(end);
    return { status: Number(headers.split(" ")[1]), body };
  };

  return {
    send: (text) => void socket.write(text),
    pause: () => void socket.pause(),
    resume: () => void socket.resume(),
    async answer() {
      for (;;) {
        const answer = take();
        if (answer) return answer;
        if (over) throw new Error(`the connection ended within an answer, after ${received.length} bytes`);
        await new Promise<void>((resolve) => {
          notify = resolve;
        });
      }
    },
    ended,
    close: () => void socket.destroy(),
  };
}

/** The text of a request with a JSON body. */
export function requestText(method: string, path: string, body?: unknown): string {
  const json = body === undefined ? "" : JSON.stringify(body);
  const lines = [
    `${method} ${path} HTTP/1.1`,
    "Host: localhost",
    ...(json ? ["Content-Type: application/json", `Content-Length: ${Buffer.byteLength(json)}`] : []),
  ];
  return `${lines.join("\r\n")}\r\n\r\n${json}`;
}
