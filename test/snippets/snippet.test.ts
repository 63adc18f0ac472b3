import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError, type ErrorCode } from "../../src/error.ts";
import { createIds } from "../../src/snippets/id.ts";
import {
  decodeContent,
  encodeContent,
  searchNeedle,
  searchTextOf,
  validContentType,
  validText,
} from "../../src/snippets/snippet.ts";

const NO_LIMIT = Number.POSITIVE_INFINITY;
const anyText = fc.string({ unit: "binary" });

/** Expects an error of this code whose message has this in it, and returns the message. */
function expectRefusal(attempt: () => unknown, code: ErrorCode, part: string): string {
  try {
    attempt();
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    const { code: given, message } = error as AppError;
    expect(given).toBe(code);
    expect(message).toContain(part);
    return message;
  }
  throw new Error("it was accepted");
}

describe("a content", () => {
  test("comes back as it was stored", () => {
    const texts = fc.tuple(fc.constantFrom("", "\ufeff", "\ufeff\ufeff", "\0"), anyText);
    fc.assert(
      fc.property(texts, (parts) => {
        const text = parts.join("");
        const bytes = encodeContent(text, NO_LIMIT);
        expect(Buffer.from(bytes).equals(Buffer.from(text, "utf8"))).toBe(true);
        expect(decodeContent(bytes)).toBe(text);
      }),
    );
  });

  test("is read from its own bytes only, where it lies within others", () => {
    const around = new TextEncoder().encode("before \ufefféa after");
    expect(decodeContent(around.subarray(7, 13))).toBe("\ufefféa");
  });

  test("with an unpaired surrogate is refused, wherever it stands", () => {
    const surrogates = fc.constantFrom("\ud800", "\udbff", "\udc00", "\udfff", "\udc00\ud800");
    fc.assert(
      fc.property(anyText, surrogates, anyText, (before, surrogate, after) => {
        expectRefusal(() => encodeContent(before + surrogate + after, NO_LIMIT), "invalid", "surrogate");
      }),
    );
  });

  test.each([
    ["", 0],
    ["abcd", 4],
    ["é", 2],
    ["☃", 3],
    ["🐈", 4],
    ["\ufeff", 3],
  ])("%j takes %d bytes of the limit, and one less is too few", (text, size) => {
    expect(encodeContent(text, size)).toHaveLength(size);
    expectRefusal(() => encodeContent(`${text}a`, size), "too_large", `${size} bytes`);
  });
});

describe("a content type", () => {
  test.each([
    ["text/html"],
    ["text/plain; charset=utf-8"],
    ['multipart/form-data; boundary="a b"'],
    ["text/plain;\tcharset=utf-8"],
    ["x"],
    [`text/${"x".repeat(250)}`],
  ])("%j is taken as it is", (contentType) => {
    expect(validContentType(contentType)).toBe(contentType);
  });

  test.each([
    ["longer than 255 characters", `text/${"x".repeat(251)}`, "255"],
    ["with a line feed", "text/plain\nX-Other: 1", "header value"],
    ["with a carriage return", "text/plain\rX-Other: 1", "header value"],
    ["with a line break at its end", "text/plain\r\n", "header value"],
    ["with a NUL", "text/\0plain", "header value"],
    ["with a DEL", "text/\x7fplain", "header value"],
    ["with another control character", "text/\x1bplain", "header value"],
    ["with a character beyond ASCII", "text/plän", "header value"],
    ["with a character beyond Latin-1", "text/☃", "header value"],
    ["with a space before it", " text/plain", "header value"],
    ["with a tab after it", "text/plain\t", "header value"],
    ["of spaces", "  ", "header value"],
    ["that is empty", "", "header value"],
  ])("one %s is refused", (_, contentType, part) => {
    const message = expectRefusal(() => validContentType(contentType), "invalid", part);
    expect(message).toContain("content_type");
  });

  test("whatever is taken can stand in an answer's header unchanged", () => {
    const texts = fc.oneof(
      anyText,
      fc.string({ unit: fc.constantFrom("a", "/", " ", "\t", "\n", "\r", "é") }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        try {
          validContentType(text);
        } catch {
          return;
        }
        expect(new Headers({ "content-type": text }).get("content-type")).toBe(text);
      }),
    );
  });
});

describe.each([
  ["title", 255],
  ["description", 4096],
] as const)("a %s", (field, limit) => {
  test("is trimmed, and null where nothing is left", () => {
    expect(validText(field, " \t\n a  b \r\n")).toBe("a  b");
    for (const empty of ["", " ", "\t\r\n \u3000"]) expect(validText(field, empty)).toBeNull();
  });

  test.each(["x", "é", "🐈"])(`may have exactly ${limit} characters, as of %s`, (character) => {
    const longest = character.repeat(limit);
    expect(validText(field, longest)).toBe(longest);
    expect(validText(field, `  ${longest}  `)).toBe(longest);
    const message = expectRefusal(() => validText(field, `${longest}${character}`), "invalid", `${limit}`);
    expect(message).toContain(field);
  });

  test("with an unpaired surrogate is refused", () => {
    expectRefusal(() => validText(field, "a\ud800"), "invalid", field);
  });
});

const ids = await createIds("0123456789abcdef0123456789abcdef");
const prefixes = fc.uint8Array({ minLength: 32, maxLength: 32 });
const PREFIX = new Uint8Array(32).fill(0xa5);
/** What a store is to do with a needle. */
function found(term: string, title: string | null, description: string | null = null, prefix = PREFIX) {
  const { text, prefixes } = searchNeedle(term);
  const { compare } = Buffer;
  return (
    searchTextOf(title, description).includes(text) ||
    (prefixes !== null && compare(prefixes.from, prefix) <= 0 && compare(prefix, prefixes.to) <= 0)
  );
}

describe("a search", () => {
  test("finds a snippet by its whole title and its whole description", () => {
    fc.assert(
      fc.property(anyText, anyText, (title, description) => {
        expect(found(title, validText("title", title), null)).toBe(true);
        expect(found(description, null, validText("title", description))).toBe(true);
      }),
    );
  });

  test("finds a snippet by any piece of its title, in whatever letter case", () => {
    const words = fc.string({ unit: fc.constantFrom(..."aZkß éÉя ☃-"), minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(words, fc.nat(30), fc.nat(30), fc.boolean(), (title, from, to, lower) => {
        const piece = title.slice(from, to);
        expect(found(piece, title)).toBe(true);
        expect(
          found(lower ? piece.toLowerCase() : piece.replace(/[^ß]/g, (c) => c.toUpperCase()), title),
        ).toBe(true);
      }),
    );
  });

  test("finds a snippet by its whole id, by an id's beginning, and not by another id", () => {
    fc.assert(
      fc.property(prefixes, prefixes, fc.integer({ min: 4, max: 64 }), (prefix, other, length) => {
        const id = ids.ofPrefix(prefix);
        expect(found(id, null, null, prefix)).toBe(true);
        expect(found(` ${id}\n`, null, null, prefix)).toBe(true);
        expect(found(id.slice(0, length), null, null, prefix)).toBe(true);
        expect(found(`https://get.example.org/${id}/a?b=c`, null, null, prefix)).toBe(true);
        expect(found(ids.ofPrefix(other), null, null, prefix)).toBe(Buffer.compare(prefix, other) === 0);
      }),
    );
  });

  test("does not take a short word for the beginning of an id, nor a piece of its middle", () => {
    const id = ids.ofPrefix(PREFIX);
    expect(found(id.slice(0, 3), null)).toBe(false);
    // 0xa5 everywhere repeats every four characters, so the piece begins one character later.
    expect(found(id.slice(1, 20), null)).toBe(false);
  });

  test.each([
    ["ＡＢＣ", "abc", "full-width letters"],
    ["ﬁle", "FILE", "a ligature"],
    ["cafe\u0301", "CAFÉ", "an accent of its own"],
    ["x²", "X2", "a raised digit"],
  ])("finds %j by %j: %s", (title, term) => {
    expect(found(term, title)).toBe(true);
    expect(found(title, term)).toBe(true);
  });

  test.each([
    ["a word that is elsewhere", "dog", "cat", "mouse"],
    ["words in another order", "black cat", "cat black", null],
    ["the end of the title and the beginning of the description", "cat mouse", "cat", "mouse"],
    ["a pattern", "c%t", "cat", null],
    ["another pattern", "c_t", "cat", null],
    ["a third pattern", "c*", "cat", null],
    ["a title that is not there", "null", null, null],
  ])("does not find by %s", (_, term, title, description) => {
    expect(found(term, title, description)).toBe(false);
  });
});
