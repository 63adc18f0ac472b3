import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { Change } from "../../src/storage/changes.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { Database, Open } from "./contract.ts";
import { createModel, type Operation } from "./model.ts";
import { hashOf, newText, plain, rejection } from "./samples.ts";

const SLOTS = 3;
const TEXTS = 3;

/** Few names, texts and times, so that they meet. */
const slot = fc.nat(SLOTS - 1);
const text = fc.nat(TEXTS - 1);
const at = fc.integer({ min: 1, max: 4 });
const title = fc.constantFrom(null, "a", "b\0🦊");
const operation: fc.Arbitrary<Operation> = fc.oneof(
  fc.record({ do: fc.constant("create" as const), slot, text, title, at }),
  fc.record({
    do: fc.constant("edit" as const),
    slot,
    text: fc.option(text, { nil: undefined }),
    title: fc.option(title, { nil: undefined }),
    at,
  }),
  fc.record({ do: fc.constant("restore" as const), slot, pick: fc.nat(9), at }),
  fc.record({ do: fc.constant("remove" as const), slot, at }),
);

export function modelContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  test("any sequence of writes does what a model in memory does", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 25 }), async (operations) => {
        // Names of this run only: runs share a database.
        const run = newText();
        const world = {
          ownerId: run,
          prefixes: Array.from({ length: SLOTS }, (_, i) => hashOf(Buffer.from(`${run} snippet ${i}`))),
          contents: Array.from({ length: TEXTS }, (_, i) => new Uint8Array(Buffer.from(`${run} text ${i}`))),
        };
        const model = createModel(world);
        const published = new Set<unknown>();
        const note = ({ kind, prefix }: Change) => published.add(`${kind} ${plain(prefix)}`);
        const unsubscribe = db.storage.changes.subscribe(note);
        try {
          for (const each of operations) {
            const { expected, changed, write } = model.apply(each);
            const before = await observe(db.storage, world);
            published.clear();
            if (expected === "conflict") expect(await rejection(write(db.storage.snippets))).toBe("conflict");
            else expect(plain(await write(db.storage.snippets))).toEqual(expected);
            const now = await observe(db.storage, world);
            expect(now).toEqual(model.observe());
            if (!changed) {
              expect(now).toEqual(before);
              expect([...published]).toEqual([]);
            }
            expect([...published]).toEqual(expect.arrayContaining(changed ?? []));
          }
        } finally {
          unsubscribe();
        }
      }),
      { numRuns: 60 },
    );
  });
}

type World = Parameters<typeof createModel>[0];

/** All that the ports show of a world. */
async function observe({ snippets, delivery }: Storage, { ownerId, prefixes, contents }: World) {
  const hashes = contents.map(hashOf);
  const list = (deleted: boolean) => snippets.list({ ownerId, deleted, limit: 50 });
  const each = <T>(keys: Uint8Array[], read: (key: Uint8Array) => Promise<T>) => Promise.all(keys.map(read));
  return plain({
    found: await each(prefixes, snippets.find),
    ledgers: await each(prefixes, (prefix) => snippets.ledger(prefix, Number.MAX_SAFE_INTEGER, 100)),
    versions: await each(prefixes, (prefix) => each(hashes, (hash) => snippets.version(prefix, hash))),
    live: await list(false),
    deleted: await list(true),
    delivered: await each([...prefixes, ...hashes], delivery.deliverable),
  });
}
