import { answerEnd } from "./answer.ts";
import type { ClientTask } from "./client.ts";
import type { LoadResult } from "./load.ts";
import { numbered } from "./requests.ts";
import { percentile } from "./statistics.ts";

/* A load generator: reads its task from a file, prints its result as JSON. */

const task: ClientTask = await Bun.file(process.argv[2]!).json();
const { hostname, port, before, after, paths, connections, seconds } = task;

interface Connection {
  sentAt: number;
  /** What has come of an answer that is not whole. */
  partial: Buffer | null;
}

const latencies: number[] = [];
let [asked, bytes, refused, broken] = [0, 0, 0, 0];
let open = 0;
const started = performance.now();
const deadline = started + seconds * 1_000;
const finished = Promise.withResolvers<void>();

function send(socket: Bun.Socket<Connection>): void {
  const path = numbered(paths[asked % paths.length]!, task.from + asked);
  asked++;
  socket.data.sentAt = performance.now();
  socket.write(before + path + after);
}

function close(): void {
  if (--open === 0) finished.resolve();
}

const handler: Bun.SocketHandler<Connection> = {
  open: send,
  data(socket, chunk) {
    const read = socket.data.partial ? Buffer.concat([socket.data.partial, chunk]) : chunk;
    const answer = answerEnd(read);
    // The chunk's memory is only ours during this call.
    socket.data.partial = answer ? null : Buffer.from(read);
    if (!answer) return;
    const now = performance.now();
    latencies.push(now - socket.data.sentAt);
    bytes += answer.end;
    if (answer.status >= 400) refused++;
    if (now < deadline) send(socket);
    else socket.end();
  },
  close,
  error: () => {
    broken++;
  },
  end(socket) {
    if (performance.now() < deadline) broken++;
    socket.end();
  },
};

for (let i = 0; i < connections; i++) {
  open++;
  const data: Connection = { sentAt: 0, partial: null };
  Bun.connect<Connection>({ hostname, port, data, socket: handler }).catch(() => {
    broken++;
    close();
  });
}
await finished.promise;

const sorted = Float64Array.from(latencies).sort();
const result: Omit<LoadResult, "cpu"> = {
  requests: latencies.length,
  bytes,
  seconds: (performance.now() - started) / 1_000,
  p50: percentile(sorted, 0.5),
  p99: percentile(sorted, 0.99),
  refused,
  broken,
};
await Bun.write(Bun.stdout, JSON.stringify(result));
process.exit(0);
