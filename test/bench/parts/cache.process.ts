import { heapSize } from "bun:jsc";
import {
  createDeliveryHandler,
  type PreparedAnswer,
  prepareAnswer,
} from "../../../src/planes/data/delivery.ts";
import { createDelivery } from "../../../src/snippets/delivery.ts";
import { createSnippetEtag } from "../../../src/snippets/etag.ts";
import { createIds } from "../../../src/snippets/id.ts";
import type { CacheFilling, CacheTask, Taken } from "./cache.ts";
import { openData, PREFIX_BYTES, SECRET } from "./filled.ts";
import { ownBytes } from "./processes.ts";
import { settled } from "./settled.ts";

/* Fills a delivery's cache and prints as JSON what that takes. */

/** Entries that are loaded and let go of first, so that what is made once is not counted. */
const WARM_UP = 500;

const task: CacheTask = await Bun.file(process.argv[2]!).json();
const { folder, answers, valueLength } = task;
const prefixes = await Bun.file(task.prefixes).bytes();
const entries = prefixes.length / PREFIX_BYTES;

const storage = openData(folder);
const ids = await createIds(SECRET);
const etagOf = await createSnippetEtag(SECRET);

function startDelivery() {
  const delivery = createDelivery<PreparedAnswer>({
    store: storage.delivery,
    changes: storage.changes,
    ids,
    etagOf,
    cacheByteBudget: 2 ** 40,
    maxRenderedBytes: 2 ** 24,
    present: prepareAnswer,
  });
  const handle = createDeliveryHandler(delivery, (error) => {
    throw error;
  });
  /** Asks so often for each of the first snippets with one query, as a client does, and reads the answers. */
  const ask = async (count: number, round: number, times: number) => {
    const value = String(round).padEnd(valueLength, "x");
    for (let i = 0; i < count; i++) {
      const id = ids.ofPrefix(prefixes.subarray(i * PREFIX_BYTES, (i + 1) * PREFIX_BYTES));
      for (let time = 0; time < times; time++) {
        // Put together from bytes, as from a socket: a text in one piece.
        const url = Buffer.from(`http://127.0.0.1:3000/${id}?name=${value}&port=3000`).toString("latin1");
        const response = await handle(new Request(url));
        if (response?.status !== 200) throw new Error(`a snippet was answered with ${response?.status}`);
        await response.arrayBuffer();
      }
    }
  };
  return { ask, counted: () => delivery.stats().bytes, close: delivery.close };
}

async function taken(counted: number): Promise<Taken> {
  const memory = await settled(() => {
    Bun.gc(true);
    return ownBytes(process.pid);
  });
  return { memory, heap: heapSize(), counted };
}

function each(after: Taken, before: Taken, count: number): Taken {
  const one = (key: keyof Taken) => (after[key] - before[key]) / count;
  return { memory: one("memory"), heap: one("heap"), counted: one("counted") };
}

async function warmUp(): Promise<void> {
  const { ask, close } = startDelivery();
  for (let round = 0; round < 4; round++) await ask(Math.min(entries, WARM_UP), round, 3);
  close();
}

await warmUp();
const { ask, counted, close } = startDelivery();
const empty = await taken(counted());
// An answer is kept when it is asked for a second time.
await ask(entries, 0, 1);
const withEntries = await taken(counted());
for (let round = 1; round <= answers; round++) await ask(entries, round, 2);
const withAnswers = await taken(counted());

const filling: CacheFilling = {
  perEntry: each(withEntries, empty, entries),
  perAnswer: each(withAnswers, withEntries, entries * answers),
};
await Bun.write(Bun.stdout, JSON.stringify(filling));
close();
await storage.close();
