import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { searchNeedle } from "../../src/snippets/snippet.ts";
import type { ArchiveRecord } from "../../src/storage/archive.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { Database, Open } from "./contract.ts";
import {
  allRecords,
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

export function archiveContract(open: Open): void {
  const opened: Database[] = [];
  const openOne = async () => {
    const db = await open();
    opened.push(db);
    return db;
  };
  let source: Storage;
  let target: Storage;
  beforeEach(async () => {
    [source, target] = [(await openOne()).storage, (await openOne()).storage];
  });
  afterEach(async () => {
    for (const db of opened.splice(0)) await db.dispose();
  });

  describe("reading", () => {
    test("an empty database has no records", async () => {
      expect(await allRecords(source)).toEqual([]);
    });

    test("contents come before snippets, a snippet before its ledger, which is in order", async () => {
      await fill(source);
      const records = await allRecords(source);
      const types = records.map(({ type }) => type);
      expect(types.lastIndexOf("content")).toBeLessThan(types.indexOf("snippet"));
      let snippet: unknown;
      let versions = 0;
      for (const record of records) {
        if (record.type === "snippet") [snippet, versions] = [plain(record.snippet.prefix), 0];
        if (record.type !== "version") continue;
        expect(plain(record.prefix)).toEqual(snippet);
        expect(record.entry.versionNumber).toBe(++versions);
      }
      expect(types.filter((type) => type === "user")).toHaveLength(2);
    });

    test("all records are of one moment, whatever is written meanwhile", async () => {
      const { prefix } = await stored(source);
      await fill(source);
      const expected = plain(await allRecords(source));
      const reading = source.archive.read()[Symbol.asyncIterator]();
      const records = [(await reading.next()).value];
      await source.snippets.edit(prefix, { title: "meanwhile" }, newVersion());
      await stored(source);
      await source.users.setAdmin("zoe", true, T0);
      for (let next = await reading.next(); !next.done; next = await reading.next()) records.push(next.value);
      expect(plain(records)).toEqual(expected);
    });

    test("a reader who stops half way leaves the storage as usable as before", async () => {
      await fill(source);
      for await (const record of source.archive.read()) if (record.type === "content") break;
      const { prefix } = await stored(source);
      expect(await source.snippets.find(prefix)).not.toBeNull();
    });
  });

  describe("writing", () => {
    test("what was read in one database is the same in another", async () => {
      const prefixes = await fill(source);
      const records = await allRecords(source);
      const count = (type: string) => records.filter((record) => record.type === type).length;
      expect(await target.archive.write(iterate(records))).toEqual({
        users: count("user"),
        snippets: count("snippet"),
        versions: count("version"),
        skipped: 0,
      });
      expect(plain(await allRecords(target))).toEqual(plain(records));
      for (const prefix of prefixes) {
        expect(await everythingAbout(target, prefix)).toEqual(await everythingAbout(source, prefix));
      }
      for (const record of records) {
        if (record.type !== "content") continue;
        expect(plain(await target.delivery.deliverable(record.hash))).toEqual(
          plain(await source.delivery.deliverable(record.hash)),
        );
      }
      expect(await target.users.list()).toEqual(await source.users.list());
      for (const deleted of [false, true]) {
        const query = { ownerId: "ann", deleted, search: searchNeedle("n"), limit: 50 };
        expect(plain(await target.snippets.list(query))).toEqual(plain(await source.snippets.list(query)));
      }
    });

    test("the ledger goes on where it stopped", async () => {
      const { prefix } = await stored(source, { texts: [newText(), newText()] });
      await target.archive.write(source.archive.read());
      expect(await target.snippets.edit(prefix, {}, newVersion())).toMatchObject({ historyCount: 3 });
    });

    test("what exists stays as it is and is counted as skipped", async () => {
      const { prefix, versions } = await stored(source, { title: "theirs" });
      await source.users.setAdmin("ann", true, T0);
      await target.archive.write(source.archive.read());
      await target.snippets.edit(prefix, { title: "ours" }, newVersion());
      await target.users.setAdmin("ann", false, T0);
      const before = plain(await allRecords(target));
      const { prefix: added } = await stored(source);
      const withOtherBytes = (await allRecords(source)).map((record) =>
        record.type === "content" && plain(record.hash) === plain(versions[0]!.hash)
          ? { ...record, content: new Uint8Array(3) }
          : record,
      );
      expect(await target.archive.write(iterate(withOtherBytes))).toEqual({
        users: 0,
        snippets: 1,
        versions: 1,
        skipped: 1,
      });
      const ofOthers = (await allRecords(target)).filter(
        (record) => !(record.type === "snippet" && plain(record.snippet.prefix) === plain(added)),
      );
      expect(plain(ofOthers)).toEqual(expect.arrayContaining(before as unknown[]));
    });

    test("writing the same a second time changes nothing", async () => {
      await fill(source);
      const records = await allRecords(source);
      const { snippets } = await target.archive.write(iterate(records));
      expect(await target.archive.write(iterate(records))).toEqual({
        users: 0,
        snippets: 0,
        versions: 0,
        skipped: snippets,
      });
      expect(plain(await allRecords(target))).toEqual(plain(records));
    });

    test("a stream that throws stores nothing, and its error comes back", async () => {
      await fill(source);
      const records = await allRecords(source);
      const fault = new Error("the stream broke");
      const broken = async function* () {
        yield* records;
        throw fault;
      };
      expect(await target.archive.write(broken()).catch((error) => error)).toBe(fault);
      expect(await allRecords(target)).toEqual([]);
      expect((await target.archive.write(iterate(records))).skipped).toBe(0);
    });

    const a = newSnippet();
    const b = newSnippet();
    const { hash, content } = newVersion();
    const snippet = (of = a): ArchiveRecord => ({ type: "snippet", snippet: { ...of, deletedAt: null } });
    const text: ArchiveRecord = { type: "content", hash, content };
    const version = (versionNumber: number, prefix = a.prefix, targetHash = hash): ArchiveRecord => ({
      type: "version",
      prefix,
      entry: { targetHash, editorId: "ann", changedAt: T0, versionNumber },
    });
    const DISORDERED: [string, ArchiveRecord[]][] = [
      ["a version without its snippet", [text, version(1)]],
      ["a version of another snippet", [text, snippet(), version(1), version(2, b.prefix)]],
      [
        "a version after the next snippet",
        [text, snippet(), version(1), snippet(b), version(1, b.prefix), version(2)],
      ],
      ["a first version that is not 1", [text, snippet(), version(2)]],
      ["a gap", [text, snippet(), version(1), version(3)]],
      ["a version twice", [text, snippet(), version(1), version(1)]],
      ["a missing content", [text, snippet(), version(1, a.prefix, newPrefix())]],
      ["a content that comes too late", [snippet(), version(1), text]],
      ["a snippet without versions", [text, snippet(), snippet(b), version(1, b.prefix)]],
      ["a snippet without versions at the end", [text, snippet()]],
    ];
    test.each(DISORDERED)(
      "tells where it found %s, if its records tell where they are from",
      async (_, records) => {
        const traced = records.map((record, i) => ({ ...record, origin: `line ${i + 2}` }));
        const error = await target.archive.write(iterate(traced)).catch((error) => error);
        expect(error.message).toMatch(/^line \d+: /);
      },
    );

    test.each(DISORDERED)("refuses %s as invalid and stores nothing", async (_, records) => {
      const { prefix } = await stored(target);
      const before = plain(await allRecords(target));
      expect(await rejection(target.archive.write(iterate(records)))).toBe("invalid");
      expect(plain(await allRecords(target))).toEqual(before);
      expect(await target.snippets.edit(prefix, { title: "still writable" })).not.toBeNull();
    });
  });
}

const iterate = async function* (records: ArchiveRecord[]) {
  yield* records;
};

/** Snippets in every state, with everything that their texts may hold; resolves to their prefixes. */
async function fill(storage: Storage) {
  const shared = newText();
  const live = await stored(storage, { title: "née\0 🦊", texts: [shared, newText(), shared] });
  const removed = await stored(storage, { title: "notice", texts: [shared, newText()] });
  await storage.snippets.remove(removed.prefix, T0 + 99);
  const back = await stored(storage, { description: "once\u2028gone", texts: ["", newText()] });
  await storage.snippets.remove(back.prefix, T0);
  await storage.snippets.restore(back.prefix, known(back.versions[0]!, { editorId: "bob", changedAt: 1 }));
  await storage.users.setAdmin("ann", true, T0);
  await storage.users.setAdmin("bob", false, 0);
  return [live.prefix, removed.prefix, back.prefix];
}
