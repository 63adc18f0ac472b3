import { answerEnd } from "./answer.ts";
import { numbered, type Requests, requestParts } from "./requests.ts";

export interface Probed {
  status: number;
  headers: Record<string, string>;
  body: string;
  /** Bytes of the answer on the wire, head included. */
  bytes: number;
}

/** The answer to the first of some requests, in the bytes that a load will ask with. */
export async function probe(origin: string, requests: Requests): Promise<Probed> {
  const { before, after } = requestParts(origin, requests);
  const { hostname, port } = new URL(origin);
  const chunks: Buffer[] = [];
  const bytes = await new Promise<number>((resolve, reject) => {
    Bun.connect({
      hostname,
      port: Number(port),
      socket: {
        open(socket) {
          socket.write(before + numbered(requests.paths[0]!, 0) + after);
        },
        data(socket, chunk) {
          chunks.push(Buffer.from(chunk));
          const answer = answerEnd(Buffer.concat(chunks));
          if (!answer) return;
          resolve(answer.end);
          socket.end();
        },
        close: () => reject(new Error(`${origin} closed the connection`)),
        error: (_, error) => reject(error),
      },
    }).catch(reject);
  });
  // Read once more by a client that decodes transfer codings.
  const response = await fetch(origin + numbered(requests.paths[0]!, 0), { headers: requests.headers });
  return {
    status: response.status,
    headers: Object.fromEntries(response.headers),
    body: await response.text(),
    bytes,
  };
}
