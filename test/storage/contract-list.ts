import { afterAll, beforeAll, expect, test } from "bun:test";
import type { ListQuery, Prefix, SnippetRecord } from "../../src/snippets/store.ts";
import type { Storage } from "../../src/storage/storage.ts";
import type { Database, Open } from "./contract.ts";
import { newPrefix, newSnippet, newText, newVersion, plain, T0 } from "./samples.ts";

export function listContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  const list = (query: Partial<ListQuery> & { ownerId: string }) =>
    db.storage.snippets.list({ deleted: false, limit: 50, ...query });
  /** Stores a snippet that was last changed at `time`. */
  const storeAt = async (ownerId: string, time: number, prefix = newPrefix()): Promise<Prefix> => {
    const record = await db.storage.snippets.create(
      newSnippet({ ownerId, prefix }),
      newVersion(newText(), { changedAt: time }),
    );
    return record.prefix;
  };

  test("lists an owner's snippets newest-changed first, and nobody else's", async () => {
    const [owner, other] = [newText(), newText()];
    const [second, first, third] = [
      await storeAt(owner, T0 + 2),
      await storeAt(owner, T0 + 3),
      await storeAt(owner, T0 + 1),
    ];
    const foreign = await storeAt(other, T0 + 2);
    expect(prefixes(await list({ ownerId: owner }))).toEqual(hex([first, second, third]));
    expect(prefixes(await list({ ownerId: other }))).toEqual(hex([foreign]));
    expect(await list({ ownerId: newText() })).toEqual([]);
    expect(await list({ ownerId: owner.toUpperCase() })).toEqual([]);
  });

  test("gives each snippet as find gives it", async () => {
    const ownerId = newText();
    await storeAt(ownerId, T0);
    await storeAt(ownerId, T0 + 1);
    for (const record of await list({ ownerId })) {
      expect(plain(record)).toEqual(plain(await db.storage.snippets.find(record.prefix)));
    }
  });

  test("orders equal times by the prefix's unsigned bytes, descending", async () => {
    const ownerId = newText();
    const tail = newPrefix().subarray(1);
    const withFirst = (byte: number) => Uint8Array.from([byte, ...tail]);
    for (const byte of [0x7f, 0xff, 0x00, 0x80, 0x41, 0x61]) await storeAt(ownerId, T0, withFirst(byte));
    const found = await list({ ownerId });
    expect(found.map(({ prefix }) => prefix[0])).toEqual([0xff, 0x80, 0x7f, 0x61, 0x41, 0x00]);
  });

  test("a version moves a snippet to the top, metadata and removal of others do not", async () => {
    const ownerId = newText();
    const [a, b, c] = [
      await storeAt(ownerId, T0 + 1),
      await storeAt(ownerId, T0 + 2),
      await storeAt(ownerId, T0 + 3),
    ];
    await db.storage.snippets.edit(b, { title: "new" });
    expect(prefixes(await list({ ownerId }))).toEqual(hex([c, b, a]));
    await db.storage.snippets.edit(a, {}, newVersion(newText(), { changedAt: T0 + 4 }));
    expect(prefixes(await list({ ownerId }))).toEqual(hex([a, c, b]));
    await db.storage.snippets.remove(c, T0 + 9);
    expect(prefixes(await list({ ownerId }))).toEqual(hex([a, b]));
  });

  test("keeps what is off delivery in a list of its own, in the order of the last change", async () => {
    const ownerId = newText();
    const [a, b, c] = [
      await storeAt(ownerId, T0 + 1),
      await storeAt(ownerId, T0 + 2),
      await storeAt(ownerId, T0 + 3),
    ];
    await db.storage.snippets.remove(c, T0 + 10);
    await db.storage.snippets.remove(a, T0 + 20);
    expect(prefixes(await list({ ownerId }))).toEqual(hex([b]));
    expect(prefixes(await list({ ownerId, deleted: true }))).toEqual(hex([c, a]));
    const { hash } = newVersion();
    const ledger = await db.storage.snippets.ledger(a, 2, 1);
    await db.storage.snippets.restore(a, {
      hash: ledger[0]?.targetHash ?? hash,
      editorId: "ann",
      changedAt: T0 + 30,
    });
    expect(prefixes(await list({ ownerId }))).toEqual(hex([a, b]));
    expect(prefixes(await list({ ownerId, deleted: true }))).toEqual(hex([c]));
  });

  test("pages of every size make up the whole list, also where times are equal", async () => {
    const ownerId = newText();
    // Runs of one, two, three and four of the same time.
    for (const time of [1, 2, 2, 3, 3, 3, 4, 4, 4, 4]) await storeAt(ownerId, T0 + time);
    const whole = prefixes(await list({ ownerId }));
    expect(whole).toHaveLength(10);
    for (let limit = 1; limit <= 11; limit++) {
      expect(prefixes(await pages(db.storage, { ownerId, limit }))).toEqual(whole);
    }
  });

  test("a page begins after its position although the snippet there is gone", async () => {
    const ownerId = newText();
    const [, b, c] = [
      await storeAt(ownerId, T0 + 3),
      await storeAt(ownerId, T0 + 2),
      await storeAt(ownerId, T0 + 1),
    ];
    await db.storage.snippets.remove(b, T0 + 9);
    expect(prefixes(await list({ ownerId, after: { updatedAt: T0 + 2, prefix: b } }))).toEqual(hex([c]));
    expect(prefixes(await list({ ownerId, after: { updatedAt: T0 + 2, prefix: newPrefix() } }))).toEqual(
      hex([c]),
    );
    expect(await list({ ownerId, after: { updatedAt: T0 + 1, prefix: c } })).toEqual([]);
  });

  test("a page after a position neither repeats nor loses what was there when others come", async () => {
    const ownerId = newText();
    for (let i = 0; i < 6; i++) await storeAt(ownerId, T0 + i);
    const whole = prefixes(await list({ ownerId }));
    const first = await list({ ownerId, limit: 3 });
    await storeAt(ownerId, T0 + 100);
    const rest = await list({ ownerId, after: first.at(-1)! });
    expect([...prefixes(first), ...prefixes(rest)]).toEqual(whole);
  });
}

const prefixes = (records: SnippetRecord[]) => hex(records.map(({ prefix }) => prefix));
const hex = (bytes: Prefix[]) => bytes.map((each) => Buffer.from(each).toString("hex"));

/** All pages of a list, one after the other. */
async function pages(storage: Storage, query: { ownerId: string; limit: number }): Promise<SnippetRecord[]> {
  const found: SnippetRecord[] = [];
  for (;;) {
    const last = found.at(-1);
    const after = last && { updatedAt: last.updatedAt, prefix: last.prefix };
    const page = await storage.snippets.list({ ...query, deleted: false, after });
    // A list that begins again and again would never end.
    if (page.length === 0 || found.length > 100) return found;
    found.push(...page);
  }
}
