import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { NewSnippet, NewVersion } from "../../src/snippets/store.ts";
import type { Database, Open } from "./contract.ts";
import {
  copiesOf,
  everythingAbout,
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

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export function snippetsContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  describe("create", () => {
    const SCENARIOS: [string, Partial<NewSnippet>, Partial<NewVersion>][] = [
      ["without title and description", {}, {}],
      ["with both", { title: "Notice", description: "for the front page" }, {}],
      ["with NUL in its texts", { title: "a\0b", description: "\0" }, {}],
      ["with emoji", { title: "👩‍👩‍👧 ok", description: "🦊".repeat(4096) }, {}],
      ["with 4096 characters", { description: "ß".repeat(4096), contentType: "x".repeat(255) }, {}],
      ["with quotes and line ends", { title: `'"\\;--`, description: "a\r\nb\u2028c" }, {}],
      ["with ids of every kind", { ownerId: "o'hara|x@y.org 日本" }, { editorId: "auth0|🦊 ß" }],
      ["at the epoch", {}, { changedAt: 0 }],
      ["in the year 9999", {}, { changedAt: Date.UTC(9999, 11, 31, 23, 59, 59, 999) }],
    ];
    test.each(SCENARIOS)("stores a snippet %s as it was given", async (_, fields, versionFields) => {
      const snippet = newSnippet(fields);
      const version = newVersion(newText(), versionFields);
      const created = await db.storage.snippets.create(snippet, version);
      const { prefix, ...rest } = snippet;
      const { hash: currentHash, editorId, changedAt } = version;
      const record = plain({
        prefix,
        ...rest,
        currentHash,
        historyCount: 1,
        updatedAt: changedAt,
        deletedAt: null,
      });
      expect(plain(created)).toEqual(record);
      expect(plain(await db.storage.snippets.find(prefix))).toEqual(record);
      expect(plain(await db.storage.snippets.ledger(prefix, NO_LIMIT, 9))).toEqual([
        plain({ targetHash: currentHash, editorId, changedAt, versionNumber: 1 }),
      ]);
    });

    test.each([
      ["no byte", new Uint8Array()],
      ["one NUL", new Uint8Array(1)],
      ["every byte", Uint8Array.from({ length: 256 }, (_, i) => i)],
      ["a byte order mark and CRLF", new TextEncoder().encode("\ufeffa\r\n")],
      ["one MiB", new Uint8Array(2 ** 20).fill(0xe4)],
    ])("stores a content of %s byte for byte", async (_, content) => {
      const snippet = newSnippet();
      const version = newVersion(content);
      await db.storage.snippets.create(snippet, version);
      const read = await db.storage.snippets.version(snippet.prefix, version.hash);
      expect(read).toBeInstanceOf(Uint8Array);
      expect(Buffer.compare(read!, content)).toBe(0);
    });

    test("takes views of larger buffers for what they show", async () => {
      const around = (bytes: Uint8Array) => Buffer.concat([Buffer.alloc(7, 1), bytes, Buffer.alloc(9, 2)]);
      const view = (bytes: Uint8Array) => around(bytes).subarray(7, 7 + bytes.length);
      const snippet = newSnippet();
      const version = newVersion();
      await db.storage.snippets.create(
        { ...snippet, prefix: view(snippet.prefix) },
        { ...version, hash: view(version.hash), content: view(version.content) },
      );
      expect(plain(await db.storage.delivery.deliverable(view(snippet.prefix)))).toEqual(
        plain({
          kind: "snippet",
          contentType: snippet.contentType,
          hash: version.hash,
          content: version.content,
        }),
      );
    });

    test("rejects a taken prefix with conflict and stores nothing", async () => {
      const { prefix } = await stored(db.storage, { title: "first" });
      const before = await everythingAbout(db.storage, prefix);
      const version = newVersion();
      const again = db.storage.snippets.create(newSnippet({ prefix, title: "second" }), version);
      expect(await rejection(again)).toBe("conflict");
      expect(await everythingAbout(db.storage, prefix)).toEqual(before);
      expect(await db.storage.snippets.version(prefix, version.hash)).toBeNull();
      expect(await copiesOf(db.storage, version.hash)).toBe(0);
    });

    test("rejects the prefix of a snippet off delivery just the same", async () => {
      const { prefix } = await stored(db.storage);
      await db.storage.snippets.remove(prefix, T0);
      const before = await everythingAbout(db.storage, prefix);
      expect(await rejection(db.storage.snippets.create(newSnippet({ prefix }), newVersion()))).toBe(
        "conflict",
      );
      expect(await everythingAbout(db.storage, prefix)).toEqual(before);
    });
  });

  test("a snippet that does not exist is null, false or empty everywhere, and stays so", async () => {
    const { snippets, delivery } = db.storage;
    const { versions } = await stored(db.storage);
    const prefix = newPrefix();
    const version = newVersion();
    expect(await snippets.find(prefix)).toBeNull();
    expect(await snippets.edit(prefix, { title: "x" })).toBeNull();
    expect(await snippets.edit(prefix, {}, version)).toBeNull();
    expect(await snippets.restore(prefix, known(versions[0]!))).toBeNull();
    expect(await snippets.remove(prefix, T0)).toBe(false);
    expect(await snippets.ledger(prefix, NO_LIMIT, 9)).toEqual([]);
    expect(await snippets.version(prefix, versions[0]!.hash)).toBeNull();
    expect(await delivery.deliverable(prefix)).toBeNull();
    expect(await snippets.find(prefix)).toBeNull();
    expect(await copiesOf(db.storage, version.hash)).toBe(0);
  });

  test("version gives the versions of this snippet and of no other", async () => {
    const a = await stored(db.storage, { texts: [newText(), newText()] });
    const b = await stored(db.storage);
    for (const { hash, content } of a.versions) {
      expect(plain(await db.storage.snippets.version(a.prefix, hash))).toBe(plain(content));
    }
    expect(await db.storage.snippets.version(a.prefix, b.versions[0]!.hash)).toBeNull();
    expect(await db.storage.snippets.version(a.prefix, newPrefix())).toBeNull();
    expect(await db.storage.snippets.version(a.prefix, a.prefix)).toBeNull();
  });

  test("everything is still there when the database is opened again", async () => {
    const live = await stored(db.storage, { title: "live", texts: [newText(), newText()] });
    const removed = await stored(db.storage, { title: "removed" });
    await db.storage.snippets.remove(removed.prefix, T0);
    const before = [
      await everythingAbout(db.storage, live.prefix),
      await everythingAbout(db.storage, removed.prefix),
    ];
    await db.reopen();
    expect(await everythingAbout(db.storage, live.prefix)).toEqual(before[0]);
    expect(await everythingAbout(db.storage, removed.prefix)).toEqual(before[1]);
  });

  test("ping resolves", async () => {
    await db.storage.ping();
  });
}
