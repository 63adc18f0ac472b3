import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compile, render } from "../../src/snippets/template.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const [OPEN, CLOSE] = encoder.encode("{}") as unknown as [number, number];

const fill = (text: string, values: Record<string, string>, maxLength = Number.POSITIVE_INFINITY) =>
  render(compile(text), new Map(Object.entries(values)), maxLength);

/** The name of the placeholder that begins at this byte, or null. */
function placeholderAt(bytes: Uint8Array, at: number): string | null {
  if (bytes[at] !== OPEN || bytes[at + 1] !== OPEN) return null;
  let name = "";
  for (let i = at + 2; i < bytes.length; i++) {
    const character = String.fromCharCode(bytes[i]!);
    if ("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_".includes(character))
      name += character;
    else return name !== "" && bytes[i] === CLOSE && bytes[i + 1] === CLOSE ? name : null;
  }
  return null;
}

/** The rule of placeholders, one byte at a time: slow and plain, to compare with. */
function fillByBytes(text: string, values: ReadonlyMap<string, string>): string {
  const bytes = encoder.encode(text);
  const output: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const name = placeholderAt(bytes, at);
    const value = name === null ? undefined : values.get(name);
    if (value === undefined) output.push(bytes[at++]!);
    else {
      output.push(...encoder.encode(value));
      at += name!.length + 4;
    }
  }
  return decoder.decode(new Uint8Array(output));
}

const NAMES = ["a", "b", "name", "_", "0", "A1_z", "__proto__", "constructor", "toString"];
// Long s and the Kelvin sign are letters of ASCII in another case, to a careless pattern.
const NEAR_LETTERS = ["\u00e9", "\u017f", "\u212a", "\uff41", "\u0663", "-", " ", ".", "\0", "\ufeff"];
const NEAR_NAMES = [...NEAR_LETTERS, "☃", "🐈", "\n", "\r\n", "$&", "$1"];
const texts = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom("{", "{{", "}", "}}", "{{{", "}}}") },
      { weight: 3, arbitrary: fc.constantFrom(...NAMES) },
      { weight: 2, arbitrary: fc.constantFrom(...NAMES).map((name) => `{{${name}}}`) },
      { weight: 1, arbitrary: fc.constantFrom(...NEAR_LETTERS).map((name) => `{{${name}}}`) },
      { weight: 1, arbitrary: fc.constantFrom(...NEAR_NAMES) },
    ),
    { maxLength: 40 },
  )
  .map((tokens) => tokens.join(""));
const valueMaps = fc
  .array(fc.tuple(fc.constantFrom(...NAMES, ...NEAR_NAMES, ""), texts))
  .map((entries) => new Map(entries));

test("rendering does what the rule says, one byte at a time", () => {
  fc.assert(
    fc.property(texts, valueMaps, (text, values) => {
      expect(render(compile(text), values, Number.POSITIVE_INFINITY)).toBe(fillByBytes(text, values));
    }),
    { numRuns: 5_000 },
  );
});

test("without values every text comes out as it went in", () => {
  const anyText = fc.oneof(texts, fc.string({ unit: "binary" }));
  fc.assert(
    fc.property(anyText, (text) => expect(fill(text, {})).toBe(text)),
    { numRuns: 1_000 },
  );
});

test("a compiled text has one literal more than names, and is the text when put together", () => {
  fc.assert(
    fc.property(texts, (text) => {
      const { literals, names } = compile(text);
      expect(literals).toHaveLength(names.length + 1);
      expect(literals.map((literal, i) => literal + (i in names ? `{{${names[i]}}}` : "")).join("")).toBe(
        text,
      );
      for (const name of names) expect(name).toMatch(/^[A-Za-z0-9_]+$/);
    }),
  );
});

test.each([
  ["", "", "an empty text"],
  ["{{a}}", "1", "a placeholder alone"],
  ["{{a}}{{b}}{{a}}", "121", "placeholders side by side"],
  ["{{{a}}", "{1", "a brace before"],
  ["{{a}}}", "1}", "a brace after"],
  ["{{{{a}}}}", "{{1}}", "braces around"],
  ["{{{{{a}}", "{{{1", "many braces before"],
  ["{{a{{b}}", "{{a2", "one that begins within another"],
  ["{{a}{{b}}", "{{a}2", "one that begins before the other ends"],
  ["{{a}b}}", "{{a}b}}", "a brace within"],
  ["{{}}", "{{}}", "an empty name"],
  ["{{ a }}", "{{ a }}", "spaces around the name"],
  ["{{a-b}}", "{{a-b}}", "a character that no name has"],
  ["{{é}}", "{{é}}", "a letter beyond ASCII"],
  ["{a}", "{a}", "single braces"],
  ["{{a", "{{a", "an end that is missing"],
  ["{{A}}", "{{A}}", "a name in another case"],
  ["{{c}}", "{{c}}", "a name that has no value"],
  ["{{toString}}{{__proto__}}", "{{toString}}{{__proto__}}", "names that every object has"],
  ["\ufeff{{a}}\0", "\ufeff1\0", "a byte order mark and a NUL"],
  ["☃{{a}}🐈", "☃1🐈", "characters of many bytes"],
])("%j becomes %j: %s", (text, expected) => {
  expect(fill(text, { a: "1", b: "2" })).toBe(expected);
});

test.each([
  ["is a placeholder", "{{b}}"],
  ["is its own placeholder", "{{a}}"],
  ["makes one with what follows", "{{"],
  ["has the signs of a replacement pattern", "$& $1 $$ $`"],
  ["is empty", ""],
])("a value is inserted as it is, also when it %s", (_, value) => {
  expect(fill("<{{a}}b}}>", { a: value, b: "never" })).toBe(`<${value}b}}>`);
});

describe("the limit", () => {
  test("a text is refused exactly when it would be longer", () => {
    fc.assert(
      fc.property(texts, valueMaps, fc.nat(120), (text, values, limit) => {
        const whole = fillByBytes(text, values);
        expect(render(compile(text), values, limit)).toBe(whole.length > limit ? null : whole);
      }),
      { numRuns: 1_000 },
    );
  });

  test("what is too long is given up at once: a short text does not make a large one", () => {
    const values = new Map([["a", "x".repeat(1_000)]]);
    let inserted = 0;
    values.get = () => {
      inserted++;
      return "x".repeat(1_000);
    };
    expect(render(compile("{{a}}".repeat(100_000)), values, 16_000)).toBeNull();
    expect(inserted).toBe(17);
  });
});

// Linear work takes milliseconds here, anything more takes minutes: between them the limit need not be exact.
const LENGTH = 2 ** 20;
const SECONDS = 5;
const repeat = (text: string) => text.repeat(LENGTH / text.length);
describe("a long text is done in linear time", () => {
  test.each([
    ["opening braces", repeat("{")],
    ["closing braces", repeat("}")],
    ["closing pairs", repeat("}} ")],
    ["a name without end", `{{${repeat("a")}`],
    ["a name that half ends", `{{${repeat("a")}}`],
    ["names without end", repeat("{{a")],
    ["names that half end", repeat("{{a}")],
    ["one name in many braces", `${repeat("{")}a${repeat("}")}`],
    ["long names without end", repeat(`{{${"a".repeat(1_000)} `)],
    ["placeholders", repeat("{{a}}")],
    ["placeholders in braces", repeat("{{{a}}}")],
    ["one long placeholder", `{{${repeat("a")}}}`],
  ])(
    "%s",
    (_, text) => {
      expect(fill(text, {}) === text).toBe(true);
      expect(fill(text, { a: "" }) === text.replaceAll("{{a}}", "")).toBe(true);
    },
    SECONDS * 1_000,
  );

  test("each placeholder is looked up once", () => {
    const asked: string[] = [];
    const values = new Map<string, string>();
    values.get = (name) => {
      asked.push(name);
      return undefined;
    };
    render(compile(repeat("{{{a}}{{bc}}")), values, Number.POSITIVE_INFINITY);
    expect(asked).toHaveLength(2 * Math.floor(LENGTH / 12));
  });
});
