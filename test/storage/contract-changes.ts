import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Prefix } from "../../src/snippets/store.ts";
import type { Change } from "../../src/storage/changes.ts";
import type { Database, Open } from "./contract.ts";
import {
  known,
  newPrefix,
  newSnippet,
  newText,
  newVersion,
  plain,
  rejection,
  stored,
  T0,
} from "./samples.ts";

export function changesContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  /** What is published while `work` runs. */
  const during = async (work: () => Promise<unknown>): Promise<Change[]> => {
    const changes: Change[] = [];
    const unsubscribe = db.storage.changes.subscribe((change) => changes.push(change));
    await work();
    unsubscribe();
    return changes;
  };
  const keysOf = (changes: Change[]) => [
    ...new Set(changes.map(({ kind, prefix }) => `${kind} ${plain(prefix)}`)),
  ];
  const snippetKey = (prefix: Prefix) => `snippet ${plain(prefix)}`;

  type Sample = Awaited<ReturnType<typeof stored>>;
  const WRITES: [string, (sample: Sample) => Promise<unknown>][] = [
    ["edit of metadata", ({ prefix }) => db.storage.snippets.edit(prefix, { title: "new" })],
    ["edit with a version", ({ prefix }) => db.storage.snippets.edit(prefix, {}, newVersion())],
    ["edit with both", ({ prefix }) => db.storage.snippets.edit(prefix, { title: "new" }, newVersion())],
    ["restore", ({ prefix, versions }) => db.storage.snippets.restore(prefix, known(versions[0]!))],
    ["remove", ({ prefix }) => db.storage.snippets.remove(prefix, T0)],
  ];

  test.each(WRITES)(
    "%s has published its snippet when it resolves, by its id and no more",
    async (_, write) => {
      const sample = await stored(db.storage, { texts: [newText(), newText()] });
      const changes = await during(() => write(sample));
      expect(keysOf(changes)).toContain(snippetKey(sample.prefix));
      const own = [sample.prefix, ...sample.versions.map(({ hash }) => hash)].map(plain);
      for (const change of changes) {
        expect(Object.keys(change).sort()).toEqual(["kind", "prefix"]);
        if (change.kind === "snippet") expect(plain(change.prefix)).toBe(plain(sample.prefix));
        else expect(own).toContain(plain(change.prefix));
      }
    },
  );

  test("create has published its snippet when it resolves", async () => {
    const snippet = newSnippet();
    const changes = await during(() => db.storage.snippets.create(snippet, newVersion()));
    expect(keysOf(changes)).toContain(snippetKey(snippet.prefix));
  });

  test("remove publishes every content that goes off delivery with the snippet", async () => {
    const text = newText();
    const { prefix, versions } = await stored(db.storage, { texts: [text, newText(), text] });
    const changes = await during(() => db.storage.snippets.remove(prefix, T0));
    const contents = new Set(versions.map(({ hash }) => `content ${plain(hash)}`));
    expect(keysOf(changes).sort()).toEqual([snippetKey(prefix), ...contents].sort());
  });

  test.each(WRITES)("a read that a listener begins at a published %s sees the write", async (_, write) => {
    const sample = await stored(db.storage, { texts: [newText(), newText()] });
    const seen: Promise<unknown>[] = [];
    const unsubscribe = db.storage.changes.subscribe(() => {
      seen.push(db.storage.snippets.find(sample.prefix), db.storage.delivery.deliverable(sample.prefix));
    });
    await write(sample);
    unsubscribe();
    const [found, delivered] = await Promise.all(seen);
    expect(found).toBeDefined();
    expect(plain(found)).toEqual(plain(await db.storage.snippets.find(sample.prefix)));
    expect(plain(delivered)).toEqual(plain(await db.storage.delivery.deliverable(sample.prefix)));
  });

  test("a write that fails or changes nothing publishes nothing of its snippet", async () => {
    const live = await stored(db.storage);
    const removed = await stored(db.storage);
    await db.storage.snippets.remove(removed.prefix, T0);
    const unknown = newPrefix();
    const after = newSnippet();
    const { snippets } = db.storage;
    const changes = await during(async () => {
      expect(await rejection(snippets.create(newSnippet({ prefix: live.prefix }), newVersion()))).toBe(
        "conflict",
      );
      expect(await snippets.edit(removed.prefix, { title: "x" }, newVersion())).toBeNull();
      expect(await snippets.edit(unknown, { title: "x" }, newVersion())).toBeNull();
      expect(await snippets.restore(unknown, known(live.versions[0]!))).toBeNull();
      expect(await snippets.remove(unknown, T0)).toBe(false);
      // Whatever was on its way has been told before this.
      await snippets.create(after, newVersion());
    });
    expect(keysOf(changes)).toEqual([snippetKey(after.prefix)]);
  });

  test("one batch of writes publishes each of them, and not the one that failed", async () => {
    const taken = await stored(db.storage);
    const created = Array.from({ length: 20 }, () => newSnippet());
    const changes = await during(() =>
      Promise.allSettled([
        ...created.map((snippet) => db.storage.snippets.create(snippet, newVersion())),
        db.storage.snippets.create(newSnippet({ prefix: taken.prefix }), newVersion()),
      ]),
    );
    expect(keysOf(changes).sort()).toEqual(created.map(({ prefix }) => snippetKey(prefix)).sort());
  });

  test("every listener is told until it unsubscribes", async () => {
    const told = { a: 0, b: 0 };
    const endA = db.storage.changes.subscribe(() => told.a++);
    const endB = db.storage.changes.subscribe(() => told.b++);
    await stored(db.storage);
    expect(told.a).toBeGreaterThan(0);
    expect(told.b).toBe(told.a);
    endA();
    const before = { ...told };
    await stored(db.storage);
    endB();
    expect(told.a).toBe(before.a);
    expect(told.b).toBeGreaterThan(before.b);
  });

  test("reads publish nothing", async () => {
    const { prefix, versions } = await stored(db.storage);
    const changes = await during(async () => {
      await db.storage.snippets.find(prefix);
      await db.storage.snippets.list({ ownerId: "ann", deleted: false, limit: 1 });
      await db.storage.snippets.version(prefix, versions[0]!.hash);
      await db.storage.delivery.deliverable(prefix);
      await db.storage.ping();
    });
    expect(changes).toEqual([]);
  });
}
