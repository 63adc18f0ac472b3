import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseQuery } from "../../src/snippets/template.ts";

/** What the URL standard reads from an address with this query; a later value takes the place of an earlier. */
const readByUrl = (rawQuery: string) => new Map(new URL(`http://host/x?${rawQuery}`).searchParams);

// The characters of a query by RFC 3986 section 3.4, those that browsers let through, and whole escapes.
const PLAIN = [..."abz09-._~!$'()*,;:@/?|^`{}[]\\", "é", "☃", "🐈", "\u00a0", "\ufeff"];
const ESCAPES = [
  "%20",
  "%61",
  "%26",
  "%3D",
  "%2B",
  "%25",
  "%23",
  "%00",
  "%C3%A9",
  "%F0%9F%90%88",
  "%EF%BB%BF",
];
const BROKEN = ["%", "%%", "%2", "%zz", "%FF", "%C3", "%ED%A0%80", "%E2%98"];
const queryOf = (...alphabet: string[]) => fc.string({ unit: fc.constantFrom(...alphabet), maxLength: 40 });

test.each([
  ["without escapes", queryOf("&", "=", ...PLAIN)],
  ["with escapes", queryOf("&", "=", "+", ...ESCAPES, ...BROKEN, ...PLAIN)],
  ["of few signs", queryOf("&", "=", "+", "?", "a", "%61", "%")],
])("a query %s is read as the URL standard says, the last of a name wins", (_, queries) => {
  fc.assert(
    fc.property(queries, (query) =>
      expect([...parseQuery(query)].sort()).toEqual([...readByUrl(query)].sort()),
    ),
    { numRuns: 3_000 },
  );
});

describe("what is read", () => {
  test.each<[query: string, values: Record<string, string>]>([
    ["", {}],
    ["a", { a: "" }],
    ["a=", { a: "" }],
    ["a=1", { a: "1" }],
    ["a=1&b=2", { a: "1", b: "2" }],
    ["a=1&a=2", { a: "2" }],
    ["a=1&a", { a: "" }],
    ["a=1&a=%32", { a: "2" }],
    ["%61=1&a=2", { a: "2" }],
    ["a=2&%61=1", { a: "1" }],
    ["a=b=c", { a: "b=c" }],
    ["=1", { "": "1" }],
    ["&&a=1&&", { a: "1" }],
    ["a=1;b=2", { a: "1;b=2" }],
    ["a=+", { a: " " }],
    ["a+b=1", { "a b": "1" }],
    ["a=%2B", { a: "+" }],
    ["a=%20%20", { a: "  " }],
    ["a=%26b%3D1", { a: "&b=1" }],
    ["a=%2520", { a: "%20" }],
    ["a=%", { a: "%" }],
    ["a=%4", { a: "%4" }],
    ["a=%zz", { a: "%zz" }],
    ["a=%C3%A9", { a: "é" }],
    ["a=é", { a: "é" }],
    ["a=é+", { a: "é " }],
    ["a=%FF", { a: "\ufffd" }],
    ["a=%EF%BB%BF", { a: "\ufeff" }],
    ["a=%00", { a: "\0" }],
    ["__proto__=1", { ["__proto__"]: "1" }],
    ["?a=1", { "?a": "1" }],
    ["?a=%31", { "?a": "1" }],
  ])("%j", (query, values) => {
    expect([...parseQuery(query)]).toEqual(Object.entries(values));
  });
});

const LENGTH = 2 ** 20;
const SECONDS = 5;
test.each([
  ["ampersands", "&", 0],
  ["equals signs", "=", 1],
  ["percent signs", "%", 1],
  ["pluses", "+", 1],
  ["one name again and again", "a=1&", 1],
  ["the same, escaped", "%61=%31&", 1],
])(
  "a long query of %s is done in linear time",
  (_, text, names) => {
    // Linear work takes milliseconds here, anything more takes minutes.
    expect(parseQuery(text.repeat(LENGTH / text.length)).size).toBe(names);
  },
  SECONDS * 1_000,
);
