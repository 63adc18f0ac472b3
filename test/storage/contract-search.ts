import { afterAll, beforeAll, expect, test } from "bun:test";
import { searchNeedle } from "../../src/snippets/snippet.ts";
import type { ListQuery, SnippetMetadata } from "../../src/snippets/store.ts";
import type { ArchiveRecord } from "../../src/storage/archive.ts";
import type { Database, Open } from "./contract.ts";
import { newPrefix, newSnippet, newText, newVersion, stored, T0 } from "./samples.ts";

export function searchContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  type Search = Omit<Partial<ListQuery>, "search"> & { ownerId: string };
  const listFor = (search: string, query: Search) =>
    db.storage.snippets.list({ deleted: false, limit: 50, ...query, search: searchNeedle(search) });
  const titlesFound = async ({ search, ...query }: Search & { search: string }) =>
    (await listFor(search, query)).map(({ title }) => title);

  const DESCRIBED = { title: "Grüße {{name}}", description: "50% off_now \\ [a*b] 'quoted' ﬁne 🦊 \0 x" };
  test.each([
    ["Grüße", true],
    ["GRÜ", true],
    ["grüSSe", true],
    ["{{name}}", true],
    ["off_now", true],
    ["50%", true],
    ["[a*b]", true],
    ["\\", true],
    ["'quoted'", true],
    ["fine", true],
    ["🦊", true],
    ["\0 x", true],
    ["offxnow", false],
    ["5%off", false],
    ["a.b", false],
    ["%", true],
    ["?", false],
    ["' OR 1=1 --", false],
    ["name}} and more", false],
  ])("%j is found: %p", async (search, expected) => {
    const ownerId = newText();
    await stored(db.storage, { ownerId, ...DESCRIBED });
    await stored(db.storage, { ownerId, title: "another" });
    await stored(db.storage, { ownerId });
    expect(await titlesFound({ ownerId, search })).toEqual(expected ? [DESCRIBED.title] : []);
  });

  test("finds a snippet by the beginning of its id, but not by its text or its owner", async () => {
    const ownerId = newText();
    const content = newText();
    const { prefix } = await stored(db.storage, { ownerId, title: "by id", texts: [content] });
    await stored(db.storage, { ownerId, title: "another" });
    const id = Buffer.from(prefix).toString("base64url");
    for (const length of [6, 7, 8, 21, 42, 43]) {
      expect(await titlesFound({ ownerId, search: id.slice(0, length) })).toEqual(["by id"]);
    }
    expect(await titlesFound({ ownerId, search: id.slice(1, 30) })).toEqual([]);
    expect(await titlesFound({ ownerId, search: content })).toEqual([]);
    expect(await titlesFound({ ownerId, search: ownerId })).toEqual([]);
  });

  test("takes the ends of a range of prefixes for within, and finds by text as well", async () => {
    const ownerId = newText();
    const tail = newPrefix().subarray(1);
    const at = (byte: number) => Uint8Array.from([byte, ...tail]);
    for (const byte of [0x10, 0x7f, 0x80, 0xff]) {
      await stored(db.storage, { ownerId, prefix: at(byte), title: `at ${byte.toString(16)}` });
    }
    const found = async (from: number, to: number, text = "nowhere") => {
      const search = { text: searchNeedle(text).text, prefixes: { from: at(from), to: at(to) } };
      const records = await db.storage.snippets.list({ ownerId, deleted: false, limit: 50, search });
      return records.map(({ title }) => title).sort();
    };
    expect(await found(0x7f, 0x80)).toEqual(["at 7f", "at 80"]);
    expect(await found(0x11, 0x7e)).toEqual([]);
    expect(await found(0x81, 0xff)).toEqual(["at ff"]);
    expect(await found(0x7f, 0x7f, "at 10")).toEqual(["at 10", "at 7f"]);
  });

  test.each<[string, SnippetMetadata, string[]]>([
    ["a new title", { title: "after" }, ["after", "kept"]],
    ["a new description", { description: "after" }, ["before", "after"]],
    ["no title", { title: null }, ["kept"]],
    ["no description", { description: null }, ["before"]],
    ["a content type only", { contentType: "a/b" }, ["before", "kept"]],
  ])("after an edit to %s finds exactly what is there now", async (_, metadata, expected) => {
    const ownerId = newText();
    const { prefix } = await stored(db.storage, { ownerId, title: "before", description: "kept" });
    await db.storage.snippets.edit(prefix, metadata, newVersion());
    const found = await Promise.all(
      ["before", "after", "kept"].map(async (search) =>
        (await titlesFound({ ownerId, search })).length === 1 ? [search] : [],
      ),
    );
    expect(found.flat().sort()).toEqual([...expected].sort());
  });

  test("keeps owners, and what is live and what is not, apart", async () => {
    const [ownerId, other] = [newText(), newText()];
    await stored(db.storage, { ownerId, title: "notice, live" });
    const removed = await stored(db.storage, { ownerId, title: "notice, removed" });
    await db.storage.snippets.remove(removed.prefix, T0);
    await stored(db.storage, { ownerId: other, title: "notice of another" });
    expect(await titlesFound({ ownerId, search: "notice" })).toEqual(["notice, live"]);
    expect(await titlesFound({ ownerId, search: "notice", deleted: true })).toEqual(["notice, removed"]);
  });

  test("goes through a list of any length, by pages too", async () => {
    const ownerId = newText();
    const COUNT = 10_100;
    // Matches at both ends and in the middle; two of them at the same time.
    const matching = [0, 1, 4_999, 5_000, 5_001, COUNT / 2, COUNT - 1];
    const timeOf = (i: number) => T0 + COUNT - (i === 1 ? 0 : i);
    await db.storage.archive.write(
      (async function* (): AsyncGenerator<ArchiveRecord> {
        const { hash, content } = newVersion();
        yield { type: "content", hash, content };
        for (let i = 0; i < COUNT; i++) {
          const title = matching.includes(i) ? `the needle ${i}` : `the hay ${i}`;
          const prefix = i < 2 ? Uint8Array.from([9 - i, ...newPrefix().subarray(1)]) : newPrefix();
          yield { type: "snippet", snippet: { ...newSnippet({ ownerId, prefix, title }), deletedAt: null } };
          const entry = { targetHash: hash, editorId: "ann", changedAt: timeOf(i), versionNumber: 1 };
          yield { type: "version", prefix, entry };
        }
      })(),
    );
    const expected = matching.map((i) => `the needle ${i}`);
    expect(await titlesFound({ ownerId, search: "the needle" })).toEqual(expected);
    expect(await titlesFound({ ownerId, search: "the needle", limit: 3 })).toEqual(expected.slice(0, 3));
    expect(await titlesFound({ ownerId, search: "the pin" })).toEqual([]);

    const one = async (after?: ListQuery["after"]) =>
      (await listFor("the needle", { ownerId, limit: 1, after }))[0];
    const walked: (string | null)[] = [];
    for (let record = await one(); record; record = await one(record)) walked.push(record.title);
    expect(walked).toEqual(expected);
  });
}
