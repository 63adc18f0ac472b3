import { blake3 } from "hash-wasm";
import { api, type RunningServer } from "../server.ts";

/** A snippet's state as the API tells it; a version by its text and the hash that its content id begins with. */
export interface State {
  versions: { text: string; hash: string }[];
  description: string;
  live: boolean;
}

/** A snippet and what its only writer knows of it. */
export interface Tracked {
  /** Null while its creation was not acknowledged. */
  id: string | null;
  title: string;
  acknowledged: State;
  /** What the write under way makes of it; after a kill it may be there or not. */
  pending: State | null;
  /** Changed since it was last verified. */
  touched: boolean;
  /** Versions whose texts were compared already. */
  verified: number;
}

/** Numbers from 0 to 1, the same ones for the same seed (xorshift; Marsaglia 2003). */
export function createRandom(seed: number): () => number {
  let state = seed | 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

const SNIPPETS_PER_WRITER = 12;
const LARGE_TEXT = 100_000;
const SMALL_TEXT = 2_000;

/** One client that writes without a pause, and remembers what was acknowledged. Its snippets are its own. */
export function createWriter(name: string, random: () => number) {
  const snippets: Tracked[] = [];
  let count = 0;
  let underWay = false;

  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!;

  const newVersion = async () => {
    // A few texts are everybody's, so that writers meet at one content.
    const token = random() < 0.15 ? `shared ${pick([1, 2, 3, 4])};` : `${name} wrote ${count++} – ☃;`;
    const size = token.startsWith("shared") ? 500 : random() * (random() < 0.2 ? LARGE_TEXT : SMALL_TEXT);
    const text = token.repeat(Math.ceil(size / Buffer.byteLength(token)));
    return { text, hash: await blake3(text) };
  };

  /** Sends one write; resolves to the answer's body, or null if the connection was lost. */
  const write = async (
    server: RunningServer,
    snippet: Tracked,
    pending: State,
    ...[method, path, body]: [string, string, unknown?]
  ) => {
    Object.assign(snippet, { pending, touched: true });
    underWay = true;
    const answer = await api(server, method, path, body).catch(() => null);
    underWay = false;
    if (!answer) return null;
    if (answer.status >= 300) {
      throw new Error(`${method} ${path} answered ${answer.status}: ${JSON.stringify(answer.body)}`);
    }
    Object.assign(snippet, { acknowledged: pending, pending: null });
    return answer;
  };

  const create = async (server: RunningServer) => {
    const version = await newVersion();
    const title = `<${name}-${count++}>`;
    const nothing: State = { versions: [], description: "", live: false };
    const snippet = { id: null, title, acknowledged: nothing, pending: null, touched: true, verified: 0 };
    snippets.push(snippet);
    const state = { versions: [version], description: "first", live: true };
    const fields = { content: version.text, title, description: "first" };
    const answer = await write(server, snippet, state, "POST", "/api/snippets", fields);
    if (answer) Object.assign(snippet, { id: answer.body.id });
    return answer !== null;
  };

  const change = async (server: RunningServer, snippet: Tracked) => {
    const { acknowledged: before } = snippet;
    const path = `/api/snippets/${snippet.id}`;
    const kind = before.live
      ? pick(["content", "content", "content", "metadata", "both", "restore", "delete"])
      : "restore";
    if (kind === "delete") return write(server, snippet, { ...before, live: false }, "DELETE", path);
    if (kind === "restore") {
      const page = await api(server, "GET", `${path}?limit=50`).catch(() => null);
      if (!page) return null;
      const { target_hash, version_number } = pick<{ target_hash: string; version_number: number }>(
        page.body.history,
      );
      const versions = [...before.versions, before.versions[version_number - 1]!];
      return write(server, snippet, { ...before, versions, live: true }, "POST", `${path}/restore`, {
        target_hash,
      });
    }
    const body: { content?: string; description?: string } = {};
    const after = { ...before };
    if (kind !== "metadata") {
      const version = await newVersion();
      after.versions = [...before.versions, version];
      body.content = version.text;
    }
    if (kind !== "content") after.description = body.description = `described ${count++}`;
    return write(server, snippet, after, "PATCH", path, body);
  };

  return {
    snippets,
    /** Whether a write has been sent and not been answered. */
    underWay: () => underWay,
    /** Writes until the connection is lost. Rejects if the server refuses a write. */
    async run(server: RunningServer, acknowledged: () => void): Promise<void> {
      for (;;) {
        const few = snippets.length < 2 || (snippets.length < SNIPPETS_PER_WRITER && random() < 0.2);
        const done = few ? await create(server) : await change(server, pick(snippets));
        if (!done) return;
        acknowledged();
      }
    },
  };
}
