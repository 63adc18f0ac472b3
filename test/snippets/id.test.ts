import { describe, expect, test } from "bun:test";
import { blake3 } from "@noble/hashes/blake3.js";
import fc from "fast-check";
import { createIds, ID_LENGTH, isIdShaped, prefixOf } from "../../src/snippets/id.ts";
import { createKeyedHash } from "../../src/snippets/mac.ts";
import vectors from "./ids.json";

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const SECRET = vectors.secrets[0]!.secret;
const ids = await createIds(SECRET);
const otherIds = await createIds(vectors.secrets[1]!.secret);

const prefixes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const replaceAt = (text: string, at: number, by: string) => text.slice(0, at) + by + text.slice(at + 1);

interface ContentVector {
  id: string;
  content: string | null;
  repeat?: { text: string; times: number };
}
/** A long content stands in the vectors as what it repeats. */
const bytesOf = ({ content, repeat }: ContentVector) =>
  new TextEncoder().encode(content ?? repeat!.text.repeat(repeat!.times));

describe.each(vectors.secrets)("the vectors of the secret $secret", (vector) => {
  test("the key is derived from the secret under the context of ids", async () => {
    const mac = await createKeyedHash(vector.secret, vectors.contexts.mac);
    const key = Buffer.from(vector.mac_key_hex, "hex");
    for (const data of ["", "x", "x".repeat(5_000)]) {
      expect(hex(mac(data))).toBe(hex(blake3(new TextEncoder().encode(data), { key })));
    }
  });

  test("a content has the id of its bytes", async () => {
    const { ofPrefix, contentPrefix, verify } = await createIds(vector.secret);
    expect(vector.content_ids).toHaveLength(5);
    for (const each of vector.content_ids) {
      const prefix = contentPrefix(bytesOf(each));
      expect(ofPrefix(prefix)).toBe(each.id);
      expect(hex(verify(each.id)!)).toBe(hex(prefix));
    }
  });

  test("a prefix has its one id", async () => {
    const { ofPrefix, verify } = await createIds(vector.secret);
    expect(vector.prefix_ids).toHaveLength(3);
    for (const { prefix_hex, id } of vector.prefix_ids) {
      expect(ofPrefix(Buffer.from(prefix_hex, "hex"))).toBe(id);
      expect(hex(verify(id)!)).toBe(prefix_hex);
      expect(hex(prefixOf(id))).toBe(prefix_hex);
    }
  });

  test("an id with any one character changed is refused", async () => {
    const { verify } = await createIds(vector.secret);
    const accepted: string[] = [];
    for (const { id } of [...vector.content_ids, ...vector.prefix_ids]) {
      for (let at = 0; at < ID_LENGTH; at++) {
        for (const character of `${ALPHABET}+/=. \n\0é`) {
          const changed = replaceAt(id, at, character);
          if (changed !== id && verify(changed)) accepted.push(changed);
        }
      }
    }
    expect(accepted).toEqual([]);
  });
});

test("every prefix comes back from its id", () => {
  fc.assert(
    fc.property(prefixes, (prefix) => {
      const id = ids.ofPrefix(prefix);
      expect(id).toMatch(/^[A-Za-z0-9_-]{64}$/);
      expect(isIdShaped(id)).toBe(true);
      expect(hex(ids.verify(id)!)).toBe(hex(prefix));
      expect(hex(prefixOf(id))).toBe(hex(prefix));
    }),
  );
});

test("any one-character change of any id is refused", () => {
  const changes = fc.tuple(prefixes, fc.nat(ID_LENGTH - 1), fc.constantFrom(...ALPHABET));
  fc.assert(
    fc.property(changes, ([prefix, at, character]) => {
      const id = ids.ofPrefix(prefix);
      fc.pre(id[at] !== character);
      expect(ids.verify(replaceAt(id, at, character))).toBeNull();
    }),
  );
});

test("an id of another secret is refused", () => {
  fc.assert(fc.property(prefixes, (prefix) => expect(otherIds.verify(ids.ofPrefix(prefix))).toBeNull()));
});

test("arbitrary text is refused and never throws", () => {
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom(...ALPHABET), minLength: 60, maxLength: 68 }),
    fc.string({ unit: "binary", minLength: 64, maxLength: 64 }),
    fc.string({ unit: fc.constantFrom("\ud800", "\udfff", "a") }),
  );
  fc.assert(fc.property(texts, (text) => expect(ids.verify(text)).toBeNull()));
});

const valid = ids.ofPrefix(new Uint8Array(32).fill(0xfb));
test.each([
  ["nothing", ""],
  ["one character less", valid.slice(0, -1)],
  ["one character more", `${valid}A`],
  ["padding", `${valid}=`],
  ["a line feed after it", `${valid}\n`],
  ["a space before it", ` ${valid}`],
  ["the other base64 alphabet", valid.replaceAll("-", "+").replaceAll("_", "/")],
  ["percent-encoding", `%${valid.charCodeAt(0).toString(16)}${valid.slice(1)}`],
])("an id is refused with %s", (_, text) => {
  expect(ids.verify(valid)).not.toBeNull();
  expect(ids.verify(text)).toBeNull();
  expect(isIdShaped(text)).toBe(false);
});

test("a new prefix is 32 bytes that never come twice", () => {
  const made = Array.from({ length: 1_000 }, () => ids.randomPrefix());
  expect(made.every((prefix) => prefix.length === 32)).toBe(true);
  expect(new Set(made.map(hex)).size).toBe(1_000);
});

test("a hash stays as it was while others are made", () => {
  const contents = ["", "a", "b"].map((text) => new TextEncoder().encode(text));
  const made = contents.map(ids.contentPrefix);
  expect(made.map(hex)).toEqual(contents.map((content) => hex(blake3(content))));
});
