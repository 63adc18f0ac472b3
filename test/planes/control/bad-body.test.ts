import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { answerOf, CANARY, expectProblem } from "./problem.ts";
import { runServer } from "./running.ts";

const JSON_TYPE = "application/json";
const VALID = JSON.stringify({ content: CANARY, target_hash: CANARY });
const nested = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
const everyField = (json: string) =>
  `{${["content", "content_type", "title", "description", "target_hash"].map((name) => `"${name}":${json}`)}}`;
const bytes = (...parts: (string | number)[]) =>
  Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : Buffer.of(part))));

describe.each(PROGRAMS)("bodies that cannot be read, from %s", (program) => {
  const server = runServer(program);

  test.each<{ what: string; type: string | null; body: string | Buffer }>([
    { what: "nothing at all", type: JSON_TYPE, body: "" },
    { what: "a space", type: JSON_TYPE, body: " " },
    { what: "a word", type: JSON_TYPE, body: CANARY },
    { what: "an object that is cut", type: JSON_TYPE, body: VALID.slice(0, -1) },
    { what: "two objects", type: JSON_TYPE, body: VALID + VALID },
    { what: "a comma too much", type: JSON_TYPE, body: `{"content":"${CANARY}",}` },
    { what: "single quotes", type: JSON_TYPE, body: `{'content':'${CANARY}'}` },
    { what: "a comment", type: JSON_TYPE, body: `/* ${CANARY} */${VALID}` },
    { what: "NaN", type: JSON_TYPE, body: "NaN" },
    { what: "a line feed within a string", type: JSON_TYPE, body: `{"content":"${CANARY}\n"}` },
    { what: "very deep nesting", type: JSON_TYPE, body: "[".repeat(200_000) },
    { what: "deep nesting in every field", type: JSON_TYPE, body: everyField(nested(9_000)) },
    { what: "a byte that is no UTF-8", type: JSON_TYPE, body: bytes('{"content":"', 0xff, '"}') },
    { what: "a UTF-8 sequence that is cut", type: JSON_TYPE, body: bytes('{"content":"', 0xe2, 0x82, '"}') },
    { what: "an overlong UTF-8 sequence", type: JSON_TYPE, body: bytes('{"content":"', 0xc0, 0xaf, '"}') },
    { what: "UTF-16", type: JSON_TYPE, body: Buffer.from(VALID, "utf16le") },
    { what: "JSON without a type", type: null, body: VALID },
    { what: "JSON as text", type: "text/plain", body: VALID },
    { what: "JSON as bytes", type: "application/octet-stream", body: VALID },
    { what: "JSON as a type that only begins alike", type: "application/jsonlines", body: VALID },
    { what: "JSON as an impossible type", type: ";;;", body: VALID },
    { what: "a form", type: "application/x-www-form-urlencoded", body: `content=${CANARY}` },
    {
      what: "a form in parts",
      type: "multipart/form-data; boundary=b",
      body: `--b\r\nContent-Disposition: form-data; name="content"\r\n\r\n${CANARY}\r\n--b--\r\n`,
    },
  ])("400 for $what on every endpoint that takes a body; nothing changes", async ({ type, body }) => {
    const id = await createSnippet(server, "text");
    const state = async () => [
      (await api(server, "GET", `/api/snippets/${id}`)).body,
      (await api(server, "GET", "/api/snippets?limit=50")).body,
    ];
    const before = await state();
    for (const [method, path] of [
      ["POST", "/api/snippets"],
      ["PATCH", `/api/snippets/${id}`],
      ["POST", `/api/snippets/${id}/restore`],
    ] as const) {
      // Bytes get no type from fetch, a string would.
      const init = {
        method,
        body: Buffer.from(body),
        headers: type === null ? {} : { "content-type": type },
      };
      expectProblem(await answerOf(await fetch(server.control + path, init as RequestInit)), 400);
    }
    expect(await state()).toEqual(before);
    expect(server.stderr()).not.toContain(" error ");
  });

  test("one field that is deeply nested is an error of that field, told at once", async () => {
    for (const field of ["content", "title"]) {
      const headers = { "content-type": JSON_TYPE };
      const body = JSON.stringify({ content: "x", title: "x", [field]: 0 }).replace("0", nested(9_000));
      expectProblem(
        await answerOf(await fetch(`${server.control}/api/snippets`, { method: "POST", headers, body })),
        400,
      );
    }
    expect(server.stderr()).not.toContain("RangeError");
  });

  test("the default limit of a content is 1 MiB, whatever JSON makes of it", async () => {
    const MIB = 2 ** 20;
    for (const character of ["a", "\u0001", "é"]) {
      const content = character.repeat(MIB / Buffer.byteLength(character));
      const { status, body } = await api(server, "POST", "/api/snippets", { content });
      expect(status).toBe(201);
      const delivered = await fetch(`${server.data}/${body.id}`);
      expect(Buffer.compare(await delivered.bytes(), Buffer.from(content))).toBe(0);
      expectProblem(await api(server, "POST", "/api/snippets", { content: `${content}a` }), 413);
      expectProblem(await api(server, "PATCH", `/api/snippets/${body.id}`, { content: `${content}a` }), 413);
    }
  });
});
