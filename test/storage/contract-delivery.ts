import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Prefix } from "../../src/snippets/store.ts";
import type { Database, Open } from "./contract.ts";
import { copiesOf, known, newPrefix, newSnippet, newText, newVersion, plain, stored, T0 } from "./samples.ts";

export function deliveryContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  const delivered = async (prefix: Prefix) => plain(await db.storage.delivery.deliverable(prefix));
  const asSnippet = ({ hash, content }: { hash: Prefix; content: Uint8Array }, contentType = "text/css") =>
    plain({ kind: "snippet", contentType, hash, content });
  const asContent = ({ content }: { content: Uint8Array }) => plain({ kind: "content", content });
  const storedCss = (...texts: string[]) => stored(db.storage, { contentType: "text/css", texts });

  test("a live snippet delivers its current version, after an edit the new one", async () => {
    const { prefix, versions } = await storedCss(newText());
    expect(await delivered(prefix)).toEqual(asSnippet(versions[0]!));
    const next = newVersion();
    await db.storage.snippets.edit(prefix, {}, next);
    expect(await delivered(prefix)).toEqual(asSnippet(next));
    await db.storage.snippets.edit(prefix, { contentType: "a/b" });
    expect(await delivered(prefix)).toEqual(asSnippet(next, "a/b"));
    await db.storage.snippets.restore(prefix, known(versions[0]!));
    expect(await delivered(prefix)).toEqual(asSnippet(versions[0]!, "a/b"));
  });

  test("every version of a live snippet is delivered under its hash", async () => {
    const { versions } = await storedCss(newText(), newText(), newText());
    for (const version of versions) expect(await delivered(version.hash)).toEqual(asContent(version));
  });

  test.each([
    ["nobody's prefix", newPrefix()],
    ["zeros", new Uint8Array(32)],
    ["no bytes", new Uint8Array()],
    ["too few bytes", newPrefix().subarray(0, 31)],
  ])("%s delivers nothing", async (_, prefix) => {
    await storedCss(newText());
    expect(await delivered(prefix)).toBeNull();
  });

  test("a snippet off delivery takes all its versions along, and brings them back", async () => {
    const { prefix, versions } = await storedCss(newText(), newText());
    await db.storage.snippets.remove(prefix, T0);
    for (const { hash } of versions) expect(await delivered(hash)).toBeNull();
    expect(await delivered(prefix)).toBeNull();
    await db.storage.snippets.restore(prefix, known(versions[1]!));
    expect(await delivered(prefix)).toEqual(asSnippet(versions[1]!));
    for (const version of versions) expect(await delivered(version.hash)).toEqual(asContent(version));
  });

  test("an empty content is delivered as one", async () => {
    const { prefix, versions } = await storedCss("");
    expect(await delivered(prefix)).toEqual(asSnippet(versions[0]!));
    expect(await delivered(versions[0]!.hash)).toEqual(asContent(versions[0]!));
  });

  test("a content that snippets share is stored once and delivered while one of them is live", async () => {
    const text = newText();
    const asCurrent = await storedCss(text);
    const asOld = await storedCss(text, newText());
    const shared = newVersion(text);
    expect(await copiesOf(db.storage, shared.hash)).toBe(1);
    await db.storage.snippets.remove(asCurrent.prefix, T0);
    expect(await delivered(shared.hash)).toEqual(asContent(shared));
    await db.storage.snippets.remove(asOld.prefix, T0);
    expect(await delivered(shared.hash)).toBeNull();

    const third = await storedCss(text);
    expect(await delivered(third.prefix)).toEqual(asSnippet(shared));
    expect(await delivered(shared.hash)).toEqual(asContent(shared));
    expect(await delivered(asCurrent.prefix)).toBeNull();
    expect(await copiesOf(db.storage, shared.hash)).toBe(1);
  });

  test("a content of a snippet off delivery comes back as the version of another", async () => {
    const text = newText();
    const removed = await storedCss(text);
    await db.storage.snippets.remove(removed.prefix, T0);
    const other = await storedCss(newText());
    await db.storage.snippets.edit(other.prefix, {}, newVersion(text));
    expect(await delivered(other.prefix)).toEqual(asSnippet(newVersion(text)));
    expect(await delivered(newVersion(text).hash)).toEqual(asContent(newVersion(text)));
    expect(await delivered(removed.prefix)).toBeNull();
  });

  test("where a prefix is both a live snippet's and a content's, the snippet comes first", async () => {
    const { versions } = await storedCss(newText());
    const content = versions[0]!;
    const version = newVersion();
    await db.storage.snippets.create(newSnippet({ prefix: content.hash, contentType: "text/css" }), version);
    expect(await delivered(content.hash)).toEqual(asSnippet(version));
    await db.storage.snippets.remove(content.hash, T0);
    expect(await delivered(content.hash)).toEqual(asContent(content));
  });
}
