import { api, type RunningServer } from "../server.ts";
import type { State, Tracked } from "./writers.ts";

/** What became of a write that was under way when the server was killed. */
export type Fate = "none" | "stored" | "absent";

interface Entry {
  target_hash: string;
  version_number: number;
}

/**
 * Compares a snippet with what the server has now: all that was acknowledged, and a write that was not either
 * wholly or not at all. Takes what it finds for acknowledged. Throws where something is missing or half there.
 */
export async function verify(server: RunningServer, snippet: Tracked): Promise<Fate> {
  const { acknowledged, pending } = snippet;
  snippet.id ??= await idByTitle(server, snippet.title);
  const found =
    snippet.id === null ? null : (await api(server, "GET", `/api/snippets/${snippet.id}?limit=50`)).body;

  const lacks = differences(found, acknowledged);
  const differs = pending ? differences(found, pending) : ["no write was under way"];
  if (lacks.length > 0 && differs.length > 0) {
    throw new Error(
      `${snippet.title} is neither as acknowledged (${lacks.join("; ")}) nor as the write under way makes it (${differs.join("; ")})`,
    );
  }
  const stored = pending !== null && differs.length === 0;
  const state = stored ? pending : acknowledged;
  if (found) await compareTexts(server, snippet, state, found.history);
  Object.assign(snippet, { acknowledged: state, pending: null, touched: false });
  return pending ? (stored ? "stored" : "absent") : "none";
}

async function idByTitle(server: RunningServer, title: string): Promise<string | null> {
  const { body } = await api(server, "GET", `/api/snippets?q=${encodeURIComponent(title)}`);
  return body.snippets[0]?.id ?? null;
}

// biome-ignore lint/suspicious/noExplicitAny: an answer of the API
function differences(found: any, { versions, description, live }: State): string[] {
  if (!found) return versions.length === 0 ? [] : ["it is not there"];
  if (versions.length === 0) return ["it is there"];
  const list: string[] = [];
  const expect = (what: string, actual: unknown, expected: unknown) => {
    if (actual !== expected) list.push(`${what} is ${actual} and not ${expected}`);
  };
  expect("error", found.error, undefined);
  expect("history_count", found.history_count, versions.length);
  expect("description", found.description, description);
  expect("live", found.deleted_at === undefined, live);
  for (const { target_hash, version_number } of (found.history ?? []) as Entry[]) {
    const hash = Buffer.from(target_hash, "base64url").toString("hex").slice(0, 64);
    expect(`hash of version ${version_number}`, hash, versions[version_number - 1]?.hash);
  }
  return list;
}

/** The texts of versions that are new since the last time, by the API, and what is delivered. */
async function compareTexts(
  server: RunningServer,
  snippet: Tracked,
  { versions, live }: State,
  history: Entry[],
): Promise<void> {
  for (const { target_hash, version_number } of history.filter(
    (entry) => entry.version_number > snippet.verified,
  )) {
    const { body } = await api(server, "GET", `/api/snippets/${snippet.id}/versions/${target_hash}`);
    if (body.content !== versions[version_number - 1]!.text) {
      throw new Error(
        `${snippet.title}: version ${version_number} has another text: ${JSON.stringify(body)}`,
      );
    }
  }
  snippet.verified = versions.length;
  // A content is on delivery while any live snippet has it, so it tells nothing about one that is off.
  for (const id of live ? [snippet.id, history[0]!.target_hash] : [snippet.id]) {
    const response = await fetch(`${server.data}/${id}`);
    const text = await response.text();
    if (live ? text !== versions.at(-1)!.text : response.status !== 404) {
      throw new Error(`${snippet.title}: ${id} is delivered as ${response.status} ${text.slice(0, 100)}`);
    }
  }
}
