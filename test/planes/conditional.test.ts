import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { noneMatchSays } from "../../src/planes/data/conditional.ts";

const OURS = '"abc"';

describe("If-None-Match says that the client has it", () => {
  test.each([
    ["the tag", '"abc"'],
    ["the tag, weak", 'W/"abc"'],
    ["a star", "*"],
    ["a star between spaces", " * "],
    ["the last of a list", '"x", "y", "abc"'],
    ["the first of a list", '"abc", "x"'],
    ["the middle of a list without spaces", '"x","abc","y"'],
    ["weak in a list of weak ones", 'W/"x", W/"abc"'],
    ["a list with spaces and tabs", '"x" \t,\t "abc"'],
    ["a list with empty elements", ', "x",, "abc" ,'],
    ["behind a tag with commas", '"a,b,", "abc"'],
    ["behind a tag with a star", '"*", "abc"'],
    ["behind an empty tag", '"", "abc"'],
    ["behind a tag beyond ASCII", '"\u00e9", "abc"'],
    ["behind a tag that looks weak", '"W/", "abc"'],
    ["behind a tag with a backslash, which escapes nothing", '"\\", "abc"'],
  ])("%s", (_, header) => {
    expect(noneMatchSays(header, OURS)).toBe(true);
  });
});

describe("If-None-Match does not say that the client has it", () => {
  test.each([
    ["nothing", ""],
    ["another tag", '"x"'],
    ["a list of others", '"x", W/"y", "z"'],
    ["the tag in another case", '"ABC"'],
    ["the tag without quotes", "abc"],
    ["the tag with one quote", '"abc'],
    ["the tag with the other quote", 'abc"'],
    ["the tag in single quotes", "'abc'"],
    ["a tag that begins so", '"abcd"'],
    ["a tag that ends so", '"xabc"'],
    ["a tag with a comma before", '",abc"'],
    ["a tag with a comma after", '"abc,"'],
    ["a tag that has it as an element", '"x,abc,y"'],
    ["a star in quotes", '"*"'],
    ["a weak star", 'W/"*"'],
    ["weak without quotes", "W/abc"],
    ["an empty list", " , ,"],
    ["an empty tag", '""'],
  ])("%s", (_, header) => {
    expect(noneMatchSays(header, OURS)).toBe(false);
  });

  test("what stands between two tags is no tag", () => {
    expect(noneMatchSays('"a","b"', '","')).toBe(false);
    expect(noneMatchSays('"a",b,"c"', '",b,"')).toBe(false);
  });
});

// etagc, RFC 9110 section 8.8.3: no quote, no space; a comma, a star and a slash are as good as letters.
const opaqueTags = fc
  .string({
    unit: fc.constantFrom("a", "b", ",", "*", "W", "/", "!", "#", "~", "\\", "\u00e9"),
    maxLength: 4,
  })
  .map((text) => `"${text}"`);
const separators = fc.constantFrom(",", ", ", " ,", "\t,\t", ", ,", ",,");

test("a list says so exactly if one of its tags is ours, weak or not", () => {
  const lists = fc.array(fc.tuple(fc.constantFrom("", "W/"), opaqueTags, separators), { maxLength: 6 });
  fc.assert(
    fc.property(lists, opaqueTags, (list, ours) => {
      const header = list
        .map(([weak, tag, separator], i) => `${i > 0 ? separator : ""}${weak}${tag}`)
        .join("");
      expect(noneMatchSays(header, ours)).toBe(list.some(([, tag]) => tag === ours));
    }),
    { numRuns: 3_000 },
  );
});

test("arbitrary text never throws, and says so only if it is a star or has our tag in it", () => {
  const texts = fc.oneof(fc.string({ unit: "binary" }), fc.string({ unit: fc.constantFrom(...'"abc, W/*') }));
  fc.assert(
    fc.property(texts, (header) => {
      if (noneMatchSays(header, OURS)) expect(header.trim() === "*" || header.includes(OURS)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});
