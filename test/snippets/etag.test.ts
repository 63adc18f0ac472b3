import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSnippetEtag } from "../../src/snippets/etag.ts";
import vectors from "./ids.json";

const [first, second] = vectors.secrets;
const etagOf = await createSnippetEtag(first!.secret);
const TARGET = first!.content_ids[0]!.id;
const OTHER_TARGET = first!.content_ids[1]!.id;

describe.each(vectors.secrets)("the vectors of the secret $secret", ({ secret, etags }) => {
  test("an answer has the tag of its target and raw query", async () => {
    const etagOf = await createSnippetEtag(secret);
    expect(etags).toHaveLength(3);
    for (const { target_hash, raw_query, etag } of etags) expect(etagOf(target_hash, raw_query)).toBe(etag);
  });
});

test("a tag is strong, quoted and of one length, whatever the query", () => {
  const queries = fc.string({ unit: "binary", maxLength: 2_000 });
  fc.assert(fc.property(queries, (query) => expect(etagOf(TARGET, query)).toMatch(/^"[A-Za-z0-9_-]{43}"$/)));
});

test("two queries have one tag only if they are the same, character for character", () => {
  const queries = fc.string({ unit: fc.constantFrom("a", "b", "=", "&", "%20", "+", "%61") });
  fc.assert(
    fc.property(queries, queries, (one, other) => {
      expect(etagOf(TARGET, one) === etagOf(TARGET, other)).toBe(one === other);
    }),
  );
});

test("another target and another secret make another tag", async () => {
  expect(etagOf(OTHER_TARGET, "a=1")).not.toBe(etagOf(TARGET, "a=1"));
  const otherSecret = await createSnippetEtag(second!.secret);
  expect(otherSecret(TARGET, "a=1")).not.toBe(etagOf(TARGET, "a=1"));
});

test("a tag tells nothing of its target", () => {
  expect(etagOf(TARGET, "")).not.toContain(TARGET.slice(0, 8));
  expect(etagOf(TARGET, "").slice(1, 9)).not.toBe(etagOf(TARGET, "a").slice(1, 9));
});
