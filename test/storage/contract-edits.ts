import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SnippetMetadata } from "../../src/snippets/store.ts";
import type { Database, Open } from "./contract.ts";
import { copiesOf, everythingAbout, known, newText, newVersion, plain, stored, T0 } from "./samples.ts";

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

/** What `edit`, `restore` and `remove` do to a snippet and its ledger. */
export function editsContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  describe("edit", () => {
    const old = { contentType: "text/css", title: "old", description: "old too" };
    const METADATA: [string, SnippetMetadata][] = [
      ["the title", { title: "new" }],
      ["the description", { description: "new" }],
      ["the content type", { contentType: "text/html" }],
      ["a title to nothing", { title: null }],
      ["a description to nothing", { description: null }],
      ["all of them", { contentType: "a/b", title: "new", description: "new too" }],
    ];
    test.each(METADATA)("changes %s and leaves the rest and the ledger alone", async (_, metadata) => {
      const { prefix } = await stored(db.storage, { ...old, texts: [newText(), newText()] });
      const before = await db.storage.snippets.find(prefix);
      const ledger = await db.storage.snippets.ledger(prefix, NO_LIMIT, 9);
      const edited = await db.storage.snippets.edit(prefix, metadata);
      expect(plain(edited)).toEqual(plain({ ...before, ...metadata }));
      expect(plain(await db.storage.snippets.find(prefix))).toEqual(plain(edited));
      expect(plain(await db.storage.snippets.ledger(prefix, NO_LIMIT, 9))).toEqual(plain(ledger));
    });

    test.each(METADATA)("changes %s together with a version", async (_, metadata) => {
      const { prefix } = await stored(db.storage, old);
      const before = await db.storage.snippets.find(prefix);
      const version = newVersion(newText(), { changedAt: T0 + 60_000 });
      const edited = await db.storage.snippets.edit(prefix, metadata, version);
      const { hash: currentHash, changedAt: updatedAt } = version;
      expect(plain(edited)).toEqual(
        plain({ ...before, ...metadata, currentHash, updatedAt, historyCount: 2 }),
      );
    });

    test("appends exactly one entry for each version, also for the same content again", async () => {
      const [a, b] = [newText(), newText()];
      const { prefix } = await stored(db.storage, { texts: [a, b, b, a] });
      expect((await db.storage.snippets.find(prefix))?.historyCount).toBe(4);
      const entries = await db.storage.snippets.ledger(prefix, NO_LIMIT, 9);
      expect(entries.map(({ versionNumber }) => versionNumber)).toEqual([4, 3, 2, 1]);
      const hashes = [a, b, b, a].map((text) => newVersion(text).hash).reverse();
      expect(plain(entries.map(({ targetHash }) => targetHash))).toEqual(plain(hashes));
    });

    test("keeps who edited and when, whatever the clock says", async () => {
      const { prefix } = await stored(db.storage);
      await db.storage.snippets.edit(
        prefix,
        {},
        newVersion(newText(), { editorId: "bob", changedAt: T0 - 5 }),
      );
      const [newest, first] = await db.storage.snippets.ledger(prefix, NO_LIMIT, 9);
      expect([newest?.editorId, newest?.changedAt]).toEqual(["bob", T0 - 5]);
      expect([first?.editorId, first?.changedAt]).toEqual(["ann", T0]);
      const record = await db.storage.snippets.find(prefix);
      expect([record?.ownerId, record?.updatedAt]).toEqual(["ann", T0 - 5]);
    });

    test("returns null for a snippet off delivery and changes nothing", async () => {
      const { prefix } = await stored(db.storage, { title: "old" });
      await db.storage.snippets.remove(prefix, T0);
      const before = await everythingAbout(db.storage, prefix);
      const version = newVersion();
      expect(await db.storage.snippets.edit(prefix, { title: "new" })).toBeNull();
      expect(await db.storage.snippets.edit(prefix, {}, version)).toBeNull();
      expect(await everythingAbout(db.storage, prefix)).toEqual(before);
      expect(await copiesOf(db.storage, version.hash)).toBe(0);
    });
  });

  describe("restore", () => {
    test("appends a stored version as the current one", async () => {
      const { prefix, versions } = await stored(db.storage, { texts: [newText(), newText()] });
      const version = known(versions[0]!, { editorId: "bob", changedAt: T0 + 9 });
      const restored = await db.storage.snippets.restore(prefix, version);
      expect(restored).toMatchObject({ historyCount: 3, updatedAt: T0 + 9, deletedAt: null });
      expect(plain(restored?.currentHash)).toBe(plain(version.hash));
      const [newest] = await db.storage.snippets.ledger(prefix, NO_LIMIT, 1);
      expect(plain(newest)).toEqual(
        plain({ targetHash: version.hash, editorId: "bob", changedAt: T0 + 9, versionNumber: 3 }),
      );
    });

    test("puts a snippet back on delivery with its metadata", async () => {
      const { prefix, versions } = await stored(db.storage, { title: "kept" });
      await db.storage.snippets.remove(prefix, T0);
      const restored = await db.storage.snippets.restore(prefix, known(versions[0]!));
      expect(restored).toMatchObject({ title: "kept", deletedAt: null, historyCount: 2 });
      expect(await db.storage.snippets.edit(prefix, { title: "again" })).toMatchObject({ title: "again" });
    });
  });

  describe("remove", () => {
    test("keeps the snippet, its ledger and its contents", async () => {
      const { prefix, versions } = await stored(db.storage, { texts: [newText(), newText()] });
      const before = await db.storage.snippets.find(prefix);
      expect(await db.storage.snippets.remove(prefix, T0 + 77)).toBe(true);
      expect(plain(await db.storage.snippets.find(prefix))).toEqual(plain({ ...before, deletedAt: T0 + 77 }));
      expect(await db.storage.snippets.ledger(prefix, NO_LIMIT, 9)).toHaveLength(2);
      for (const { hash, content } of versions) {
        expect(plain(await db.storage.snippets.version(prefix, hash))).toBe(plain(content));
      }
    });

    test("changes nothing a second time", async () => {
      const { prefix } = await stored(db.storage);
      await db.storage.snippets.remove(prefix, T0 + 1);
      const before = await everythingAbout(db.storage, prefix);
      expect(await db.storage.snippets.remove(prefix, T0 + 2)).toBe(true);
      expect(await everythingAbout(db.storage, prefix)).toEqual(before);
    });
  });

  test.each([
    [NO_LIMIT, 9, [5, 4, 3, 2, 1]],
    [NO_LIMIT, 2, [5, 4]],
    [6, 5, [5, 4, 3, 2, 1]],
    [5, 2, [4, 3]],
    [2, 2, [1]],
    [1, 2, []],
    [0, 2, []],
  ])("ledger below %s, at most %s, is versions %j", async (before, limit, expected) => {
    await stored(db.storage, { texts: [newText(), newText(), newText()] });
    const { prefix } = await stored(db.storage, { texts: Array.from({ length: 5 }, newText) });
    const entries = await db.storage.snippets.ledger(prefix, before, limit);
    expect(entries.map(({ versionNumber }) => versionNumber)).toEqual(expected);
  });
}
