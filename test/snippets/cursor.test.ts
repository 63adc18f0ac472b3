import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { AppError } from "../../src/error.ts";
import { createCursors } from "../../src/snippets/cursor.ts";
import { createIds } from "../../src/snippets/id.ts";
import vectors from "./ids.json";

const KIND = "snippets_v1";
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
const [first, second] = vectors.secrets;
const cursors = await createCursors(first!.secret);
const otherCursors = await createCursors(second!.secret);

/** Positions as JSON can carry them; `kind` is the cursor's own. */
const positions = fc
  .dictionary(
    fc.string({ unit: "binary" }).filter((name) => name !== "kind"),
    fc.jsonValue({ stringUnit: "binary" }),
    { noNullPrototype: true },
  )
  .map((position) => JSON.parse(JSON.stringify(position)) as Record<string, unknown>);
const kinds = fc.constantFrom(KIND, "history_v1", "", "__proto__", "a.b");

/** What came of opening: the position, or the code of the one error that may come. */
function outcome(kind: string, cursor: string, { open } = cursors): unknown {
  try {
    return open(kind, cursor);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    return (error as AppError).code;
  }
}

/** A cursor put together by hand from the vectors. */
function assemble({ payload, mac }: { payload: string; mac: string }): string {
  return `${Buffer.from(payload).toString("base64url")}.${mac}`;
}
const issued = assemble(first!.cursor_macs[0]!);

describe.each(vectors.secrets)("the vectors of the secret $secret", ({ secret, cursor_macs }) => {
  test("a cursor of another implementation is taken, for its kind only", async () => {
    const { open } = await createCursors(secret);
    expect(cursor_macs).toHaveLength(1);
    for (const vector of cursor_macs) {
      const { kind, ...position } = JSON.parse(vector.payload);
      expect(open(kind, assemble(vector))).toEqual(position);
      expect(outcome("history_v1", assemble(vector), { open, seal: cursors.seal })).toBe("invalid");
    }
  });

  test("a cursor is sealed as the other implementation does it", async () => {
    const { seal } = await createCursors(secret);
    for (const vector of cursor_macs) {
      const { kind, ...position } = JSON.parse(vector.payload);
      expect(seal(kind, position)).toBe(assemble(vector));
    }
  });
});

test("every position comes back from its cursor, and may do so again", () => {
  fc.assert(
    fc.property(kinds, positions, (kind, position) => {
      const cursor = cursors.seal(kind, position);
      expect(cursor).toMatch(/^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{22}$/);
      expect(cursors.open(kind, cursor)).toEqual(position);
      expect(cursors.open(kind, cursor)).toEqual(position);
    }),
  );
});

test("a cursor of another kind or another secret is refused", () => {
  fc.assert(
    fc.property(kinds, kinds, positions, (kind, otherKind, position) => {
      const cursor = cursors.seal(kind, position);
      if (kind !== otherKind) expect(outcome(otherKind, cursor)).toBe("invalid");
      expect(outcome(kind, cursor, otherCursors)).toBe("invalid");
    }),
  );
});

test("a cursor with any one character changed, left out or put in is refused", () => {
  const accepted: string[] = [];
  for (let at = 0; at <= issued.length; at++) {
    const [before, after] = [issued.slice(0, at), issued.slice(at + 1)];
    const forged = [`${before}${after}`];
    for (const character of `${ALPHABET}+/=. \n\0é`) {
      forged.push(`${before}${character}${after}`, `${before}${character}${issued.slice(at)}`);
    }
    for (const each of forged) if (each !== issued && outcome(KIND, each) !== "invalid") accepted.push(each);
  }
  expect(accepted).toEqual([]);
  expect(outcome(KIND, issued)).toEqual({ updated_at: "2026-01-02T03:04:05Z", id: "x" });
});

const [payloadText, macText] = issued.split(".") as [string, string];
const ids = await createIds(first!.secret);
test.each([
  ["empty", ""],
  ["a dot", "."],
  ["dots", ".."],
  ["a payload alone", payloadText],
  ["a payload with an empty MAC", `${payloadText}.`],
  ["a MAC alone", `.${macText}`],
  ["a MAC of another payload", `${Buffer.from(`{"kind":"${KIND}"}`).toString("base64url")}.${macText}`],
  [
    "a shortened MAC",
    `${payloadText}.${Buffer.from(macText, "base64url").subarray(0, 15).toString("base64url")}`,
  ],
  ["a lengthened MAC", `${issued}AAAA`],
  ["followed by a dot", `${issued}.`],
  ["preceded by a dot", `.${issued}`],
  ["followed by a third part", `${issued}.${macText}`],
  ["padded", `${issued}==`],
  ["padded within", `${payloadText}==.${macText}`],
  ["in the other base64 alphabet", issued.replaceAll("-", "+").replaceAll("_", "/").concat("=")],
  ["in another case", issued.toLowerCase()],
  ["surrounded by spaces", ` ${issued} `],
  ["not encoded", `${JSON.stringify({ kind: KIND, id: "x" })}.${macText}`],
  ["percent-encoded", issued.replace(".", "%2E")],
  ["an id", ids.ofPrefix(new Uint8Array(32))],
])("a cursor that is %s is refused", (_, cursor) => {
  expect(outcome(KIND, cursor)).toBe("invalid");
});

test("arbitrary text gives an invalid error and nothing else", () => {
  const part = fc.string({ unit: fc.constantFrom(...ALPHABET, "=", "+") });
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.string({ unit: fc.constantFrom("\ud800", "\udfff", ".", "A") }),
    fc.tuple(part, part).map(([payload, mac]) => `${payload}.${mac}`),
    fc
      .uint8Array({ minLength: 16, maxLength: 16 })
      .map((mac) => `${payloadText}.${Buffer.from(mac).toString("base64url")}`),
  );
  fc.assert(fc.property(kinds, texts, (kind, text) => expect(outcome(kind, text)).toBe("invalid")));
});

test("the refusal does not repeat what was sent", () => {
  expect(() => cursors.open(KIND, "something-private")).toThrow(/^(?!.*something-private).*cursor/);
});
