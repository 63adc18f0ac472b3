import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createIds, type Ids } from "../../../src/snippets/id.ts";
import { DEFAULT_CONTENT_TYPE } from "../../../src/snippets/snippet.ts";
import { openSqlite } from "../../../src/storage/sqlite/sqlite.ts";
import type { Storage } from "../../../src/storage/storage.ts";

/** The secret of every server whose data were filled in here. */
export const SECRET = "a secret of a benchmark, which protects nothing";

/** Creations on their way at the same time: what waits together is committed together. */
const IN_FLIGHT = 2_000;

export const PREFIX_BYTES = 32;

/** Stored snippets, by their place in the order of creation. */
export interface Filled {
  count: number;
  /** The prefixes, one after the other. */
  prefixes: Uint8Array;
  idOf(place: number): string;
  seconds: number;
}

export function openData(folder: string): Storage {
  return openSqlite({
    folder: join(folder, "data"),
    exclusive: true,
    queueLimits: { jobs: IN_FLIGHT, bytes: 64 * 2 ** 20 },
    warn: (message) => {
      throw new Error(message);
    },
    onFault: (message, cause) => {
      throw new Error(message, { cause });
    },
  });
}

/** Stores snippets in the data folder of a server that is to be started in `folder`, through the storage layer. */
export async function fill(
  folder: string,
  count: number,
  contentOf: (place: number) => string,
): Promise<Filled> {
  const ids = await createIds(SECRET);
  const storage = openData(folder);
  const started = performance.now();
  try {
    const prefixes = await store(storage, ids, count, contentOf);
    const idOf = (place: number) =>
      ids.ofPrefix(prefixes.subarray(place * PREFIX_BYTES, (place + 1) * PREFIX_BYTES));
    return { count, prefixes, idOf, seconds: (performance.now() - started) / 1_000 };
  } finally {
    await storage.close();
  }
}

async function store(
  storage: Storage,
  ids: Ids,
  count: number,
  contentOf: (place: number) => string,
): Promise<Uint8Array> {
  const prefixes = new Uint8Array(count * PREFIX_BYTES);
  const encoder = new TextEncoder();
  let next = 0;
  const create = async () => {
    while (next < count) {
      const place = next++;
      const prefix = ids.randomPrefix();
      prefixes.set(prefix, place * PREFIX_BYTES);
      const content = encoder.encode(contentOf(place));
      await storage.snippets.create(
        { prefix, ownerId: "local-dev", contentType: DEFAULT_CONTENT_TYPE, title: null, description: null },
        { hash: ids.contentPrefix(content), content, editorId: "local-dev", changedAt: Date.now() },
      );
    }
  };
  await Promise.all(Array.from({ length: IN_FLIGHT }, create));
  return prefixes;
}

/** Bytes of all files in a server's data folder. */
export function storedBytes(folder: string): number {
  const data = join(folder, "data");
  return readdirSync(data).reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
}
