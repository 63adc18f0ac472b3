import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createIds } from "../../src/snippets/id.ts";
import type { ArchiveRecord } from "../../src/storage/archive.ts";
import { formatArchive, parseArchive } from "../../src/storage/ndjson.ts";
import { plain, T0 } from "./samples.ts";

const ids = await createIds("the secret of the exporting server");

const format = async (records: ArchiveRecord[]) =>
  (await Array.fromAsync(formatArchive(iterate(records), ids))).join("");
/** The records that come of lines; each tells the number of its own, the header's being 1. */
async function parse(lines: string[], by = ids): Promise<ArchiveRecord[]> {
  const parsed = await Array.fromAsync(parseArchive(iterate(lines), by));
  expect(parsed.map(({ origin }) => origin)).toEqual(parsed.map((_, i) => `line ${i + 2}`));
  return parsed.map(({ origin: _, ...record }) => record);
}
const linesOf = (archive: string) => archive.split("\n").slice(0, -1);

describe("an archive as NDJSON", () => {
  // Whole characters, of every kind.
  const text = fc.string({ unit: "binary", maxLength: 40 });
  const prefix = fc.uint8Array({ minLength: 32, maxLength: 32 });
  const time = fc.integer({ min: 0, max: Date.UTC(9999, 11, 31, 23, 59, 59, 999) });
  const nullable = fc.option(text);
  const record: fc.Arbitrary<ArchiveRecord> = fc.oneof(
    fc.record({
      type: fc.constant("user" as const),
      user: fc.record({ id: text.filter((id) => id !== ""), isAdmin: fc.boolean(), createdAt: time }),
    }),
    text.map((each) => {
      const content = new TextEncoder().encode(each);
      return { type: "content" as const, hash: ids.contentPrefix(content), content };
    }),
    fc.record({
      type: fc.constant("snippet" as const),
      snippet: fc.record({
        prefix,
        ownerId: text,
        contentType: text,
        title: nullable,
        description: nullable,
        deletedAt: fc.option(time),
      }),
    }),
    fc.record({
      type: fc.constant("version" as const),
      prefix,
      entry: fc.record({
        versionNumber: fc.integer({ min: 1 }),
        targetHash: prefix,
        editorId: text,
        changedAt: time,
      }),
    }),
  );

  test("gives back the records that were written, whatever they are", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(record, { maxLength: 20 }), async (records) => {
        const archive = await format(records);
        expect(archive.endsWith("\n")).toBe(true);
        const lines = linesOf(archive);
        expect(lines).toHaveLength(records.length + 2);
        expect(plain(await parse(lines))).toEqual(plain(records));
      }),
    );
  });

  test("tells nothing of the secret and holds no prefix without its MAC", async () => {
    const archive = await format(RECORDS);
    expect(archive).not.toContain("secret");
    for (const [id] of archive.matchAll(/[A-Za-z0-9_-]{43,}/g)) expect(ids.verify(id)).not.toBeNull();
  });
});

const content = new TextEncoder().encode("Hello {{name}}");
const hash = ids.contentPrefix(content);
const snippetPrefix = new Uint8Array(32).fill(7);
const version = (versionNumber: number): ArchiveRecord => ({
  type: "version",
  prefix: snippetPrefix,
  entry: { versionNumber, targetHash: hash, editorId: "ann", changedAt: T0 },
});
const RECORDS: ArchiveRecord[] = [
  { type: "user", user: { id: "ann", isAdmin: true, createdAt: T0 } },
  { type: "content", hash, content },
  {
    type: "snippet",
    snippet: {
      prefix: snippetPrefix,
      ownerId: "ann",
      contentType: "text/plain",
      title: "Greeting",
      description: null,
      deletedAt: null,
    },
  },
  version(1),
  version(2),
];
const WHOLE = linesOf(await format(RECORDS));
const LAST = WHOLE.length;

/** The whole stream with line `number`, counted from 1, replaced. */
const replaced = (number: number, ...by: string[]) => WHOLE.toSpliced(number - 1, 1, ...by);
const changed = (number: number, fields: Record<string, unknown>) =>
  replaced(number, JSON.stringify({ ...JSON.parse(WHOLE[number - 1]!), ...fields }));
/** An id with another MAC. */
const forged = (id: string) => id.slice(0, -1) + (id.endsWith("A") ? "B" : "A");
const lineOf = (type: string) => WHOLE.findIndex((line) => line.includes(`"type":"${type}"`)) + 1;

describe("a damaged archive is refused with the number of the line:", () => {
  const refusal = async (lines: string[], by = ids) =>
    parse(lines, by).then(
      () => "not refused",
      (error: { code?: string; message: string }) => `${error.code}: ${error.message}`,
    );

  test("the undamaged one is not", async () => {
    expect(await refusal(WHOLE)).toBe("not refused");
    expect(plain(await parse(WHOLE))).toEqual(plain(RECORDS));
  });

  test("cut short after any line", async () => {
    for (let length = 0; length < LAST; length++) {
      expect(await refusal(WHOLE.slice(0, length))).toMatch(new RegExp(`^invalid: .*after line ${length}$`));
    }
  });

  test("cut short within any line", async () => {
    for (const [i, line] of WHOLE.entries()) {
      for (const part of [line.slice(0, 1), line.slice(0, line.length / 2), line.slice(0, -1)]) {
        expect(await refusal([...WHOLE.slice(0, i), part])).toBe(`invalid: line ${i + 1}: this is not JSON`);
      }
    }
  });

  test("any line removed", async () => {
    for (let number = 1; number <= LAST; number++) {
      expect(await refusal(replaced(number))).toMatch(/^invalid: .*line \d+/);
    }
  });

  test("any line twice", async () => {
    for (let number = 1; number <= LAST; number++) {
      const line = WHOLE[number - 1]!;
      expect(await refusal(replaced(number, line, line))).toMatch(/^invalid: .*line \d+/);
    }
  });

  test("signed with another secret, with what to do", async () => {
    const other = await createIds("the secret of some other server!");
    expect(await refusal(WHOLE, other)).toMatch(/^invalid: line 1: .*another secret.*ID_SIGNING_SECRET/);
  });

  test.each([
    ["snippet", "id"],
    ["version", "snippet"],
    ["version", "target_hash"],
    ["content", "hash"],
  ])("a %s with a forged %s", async (type, field) => {
    const number = lineOf(type);
    const id = JSON.parse(WHOLE[number - 1]!)[field];
    for (const wrong of [forged(id), id.slice(1), `${id}A`, "", id.toUpperCase(), `${id.slice(0, -1)}=`]) {
      expect(await refusal(changed(number, { [field]: wrong }))).toStartWith(`invalid: line ${number}: `);
    }
  });

  test("a content that is not what its hash says", async () => {
    const number = lineOf("content");
    for (const wrong of ["", "hello {{name}}", "Hello {{name}}\n", "\ud800"]) {
      expect(await refusal(changed(number, { content: wrong }))).toStartWith(`invalid: line ${number}: `);
    }
  });

  test.each(["", "nonsense", "{", "null", "1", "[]", '"text"', "{}", '{"type":"margay"}', '{"type":"row"}'])(
    "a line that is %j",
    async (line) => {
      for (let number = 1; number <= LAST; number++) {
        expect(await refusal(replaced(number, line))).toStartWith(`invalid: line ${number}: `);
      }
    },
  );

  const FIELDS = WHOLE.flatMap((line, i) =>
    Object.entries(JSON.parse(line)).map(([field, value]): [number, string, unknown] => [
      i + 1,
      field,
      value,
    ]),
  );
  test.each(FIELDS)("line %i with %s of another type than %j", async (number, field, value) => {
    const nullable = ["title", "description", "deleted_at"].includes(field);
    const wrongs = [[], {}, typeof value === "number" ? "1" : 7, true, 1.5, -1, undefined, null].filter(
      (wrong) => typeof wrong !== typeof value || typeof value === "number" || value === null,
    );
    for (const wrong of wrongs) {
      if (nullable && wrong === null) continue;
      expect(await refusal(changed(number, { [field]: wrong }))).toStartWith(`invalid: line ${number}: `);
    }
  });

  test.each([
    "",
    "yesterday",
    "2026-01-31",
    "2026-01-31T12:00:00Z",
    "2026-13-45T99:99:99.999Z",
    "1769860800000",
  ])("a time like %j", async (time) => {
    for (const [type, field] of [
      ["user", "created_at"],
      ["version", "changed_at"],
      ["snippet", "deleted_at"],
    ] as const) {
      const number = lineOf(type);
      expect(await refusal(changed(number, { [field]: time }))).toStartWith(`invalid: line ${number}: `);
    }
  });

  test("another format", async () => {
    expect(await refusal(changed(1, { format: 2 }))).toStartWith("invalid: line 1: ");
  });

  test.each([0, RECORDS.length - 1, RECORDS.length + 1])("an end that counts %i records", async (records) => {
    expect(await refusal(changed(LAST, { records }))).toStartWith(`invalid: line ${LAST}: `);
  });

  test.each([
    ["an empty line", ""],
    ["a record", WHOLE[1]!],
    ["another end", WHOLE[LAST - 1]!],
    ["another archive", WHOLE[0]!],
  ])("%s after the end", async (_, line) => {
    expect(await refusal([...WHOLE, line])).toStartWith(`invalid: line ${LAST + 1}: `);
  });
});

async function* iterate<T>(values: T[]): AsyncGenerator<T> {
  yield* values;
}
