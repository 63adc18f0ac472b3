import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database, Open } from "./contract.ts";
import { copiesOf, newSnippet, newText, newVersion, plain, rejection, stored, T0 } from "./samples.ts";

const NO_LIMIT = Number.MAX_SAFE_INTEGER;

export function concurrencyContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  test("200 parallel edits of one snippet give versions 1 to 201 without a gap", async () => {
    const { prefix } = await stored(db.storage);
    const versions = Array.from({ length: 200 }, () => newVersion());
    const edited = await Promise.all(
      versions.map((version) => db.storage.snippets.edit(prefix, {}, version)),
    );
    const numbers = edited.map((record) => record?.historyCount);
    expect([...numbers].sort((a, b) => a! - b!)).toEqual(Array.from({ length: 200 }, (_, i) => i + 2));

    const ledger = await db.storage.snippets.ledger(prefix, NO_LIMIT, 300);
    expect(ledger.map(({ versionNumber }) => versionNumber)).toEqual(
      Array.from({ length: 201 }, (_, i) => 201 - i),
    );
    // Each caller was told the number under which its own version stands.
    for (const [i, { hash }] of versions.entries()) {
      expect(plain(ledger[201 - numbers[i]!]?.targetHash)).toBe(plain(hash));
    }
    const record = await db.storage.snippets.find(prefix);
    expect(plain(record?.currentHash)).toBe(plain(ledger[0]?.targetHash));
  });

  test("of parallel creates under one prefix one wins, whole, and the others conflict", async () => {
    const { prefix } = newSnippet();
    const attempts = Array.from({ length: 20 }, (_, i) => ({
      snippet: newSnippet({ prefix, title: `attempt ${i}` }),
      version: newVersion(),
    }));
    const codes = await Promise.all(
      attempts.map(({ snippet, version }) => rejection(db.storage.snippets.create(snippet, version))),
    );
    expect(codes.filter((code) => code === "conflict")).toHaveLength(19);
    const winner = attempts[codes.indexOf(null)]!;
    const record = await db.storage.snippets.find(prefix);
    expect(record).toMatchObject({ title: winner.snippet.title, historyCount: 1 });
    expect(plain(record?.currentHash)).toBe(plain(winner.version.hash));
    for (const { version } of attempts) {
      expect(await copiesOf(db.storage, version.hash)).toBe(version === winner.version ? 1 : 0);
    }
  });

  test("parallel snippets with one text share its content", async () => {
    const text = newText();
    await Promise.all(Array.from({ length: 50 }, () => stored(db.storage, { texts: [text] })));
    expect(await copiesOf(db.storage, newVersion(text).hash)).toBe(1);
  });

  test("an edit beside a removal happens before it, or not at all", async () => {
    const { prefix } = await stored(db.storage);
    const edits = (count: number) =>
      Array.from({ length: count }, () => db.storage.snippets.edit(prefix, {}, newVersion()));
    const before = edits(10);
    const removal = db.storage.snippets.remove(prefix, T0);
    const results = await Promise.all([...before, ...edits(10)]);
    expect(await removal).toBe(true);
    const done = results.filter((record) => record !== null);
    for (const record of done) expect(record.deletedAt).toBeNull();
    expect(await db.storage.snippets.find(prefix)).toMatchObject({
      historyCount: 1 + done.length,
      deletedAt: T0,
    });
    expect(await db.storage.delivery.deliverable(prefix)).toBeNull();
  });

  test("whoever waits for a write reads it, among many others", async () => {
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => {
        const { prefix } = await stored(db.storage, { title: `${i}` });
        expect(await db.storage.snippets.find(prefix)).toMatchObject({ title: `${i}`, historyCount: 1 });
        const version = newVersion();
        await db.storage.snippets.edit(prefix, {}, version);
        const delivered = await db.storage.delivery.deliverable(prefix);
        expect(plain(delivered?.content)).toBe(plain(version.content));
      }),
    );
  });

  test("close waits for the writes that were accepted", async () => {
    // More than a driver is likely to commit at once.
    const created = Array.from({ length: 1_500 }, () => newSnippet());
    let done = 0;
    for (const snippet of created) db.storage.snippets.create(snippet, newVersion()).then(() => done++);
    await db.reopen();
    expect(done).toBe(created.length);
    for (const { prefix } of created) {
      expect(await db.storage.snippets.find(prefix)).not.toBeNull();
    }
  });
}
