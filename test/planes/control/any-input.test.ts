import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { answerOf, expectProblem } from "./problem.ts";
import { runServer } from "./running.ts";

const METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
const PATHS = [
  "/api/snippets",
  "/api/snippets/:id",
  "/api/snippets/:id/history",
  "/api/snippets/:id/versions/:hash",
  "/api/snippets/:id/restore",
  "/api/me",
  "/api/auth-info",
  "/healthz",
  "/openapi",
  "/openapi/json",
  "/:id",
];
const NAMES = [
  "content",
  "content_type",
  "title",
  "description",
  "target_hash",
  "limit",
  "cursor",
  "q",
  "deleted",
  "__proto__",
];

// Binary units include unpaired surrogates, NUL and what else JSON can carry.
const text = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string(),
  fc.constantFrom("", "0", "true", "null", "[]"),
);
const json = fc.jsonValue({ stringUnit: "binary", maxDepth: 4 });
const fields = fc.dictionary(fc.constantFrom(...NAMES), fc.oneof(text, json), { noNullPrototype: true });
const body = fc.oneof(fields, json).map((value) => JSON.stringify(value));
const rawBody = fc.oneof(
  body.map((valid) => Buffer.from(valid)),
  fc.uint8Array({ maxLength: 200 }),
  fc.tuple(body, fc.nat()).map(([valid, at]) => Buffer.from(valid).subarray(0, at % (valid.length + 1))),
);
const type = fc.oneof(
  fc.constantFrom(
    "application/json",
    "application/json; charset=utf-16",
    "text/plain",
    "multipart/form-data",
  ),
  fc.constantFrom("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""),
  fc.string({ unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)) }),
);
const query = fc.oneof(
  text.map((raw) => raw.replaceAll("#", "")),
  fc
    .array(fc.tuple(fc.constantFrom(...NAMES), text))
    .map((pairs) =>
      pairs.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&"),
    ),
  fc
    .array(
      fc.tuple(
        fc.constantFrom(...NAMES),
        fc.constantFrom("%", "%00", "%ff", "%c3%28", "+", "[", "{}", "a,b"),
      ),
    )
    .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join("&")),
);
const idShaped = fc
  .uint8Array({ minLength: 48, maxLength: 48 })
  .map((bytes) => Buffer.from(bytes).toString("base64url"));
const segment = fc.oneof(
  idShaped,
  text.map((raw) => encodeURIComponent(raw.toWellFormed())),
  fc.constantFrom("%00", "%ff", "%zz", "%", "%2e%2e", "%2F", "..;", ":id", "*"),
);

describe.each(PROGRAMS)("whatever a client sends, from %s", (program) => {
  const server = runServer(program);
  let id: string;
  let hash: string;
  beforeAll(async () => {
    id = await createSnippet(server, "there all the time");
    hash = (await api(server, "GET", `/api/snippets/${id}`)).body.history[0].target_hash;
  });

  /** Half of the addresses lead to a snippet that exists. */
  const address = fc
    .tuple(fc.constantFrom(...PATHS), fc.option(segment), fc.option(segment), fc.option(query))
    .map(([path, anyId, anyHash, anyQuery]) => {
      const filled = path.replace(":id", () => anyId ?? id).replace(":hash", () => anyHash ?? hash);
      return anyQuery === null ? filled : `${filled}?${anyQuery}`;
    });

  const send = async (method: string, path: string, init: RequestInit = {}) => {
    const response = await fetch(server.control + path, { method, ...init });
    expect(response.status).toBeLessThan(500);
    if (response.status >= 400 && method !== "HEAD") expectProblem(await answerOf(response), response.status);
    else await response.bytes();
  };
  const writing = fc.constantFrom("POST", "PATCH", "PUT", "DELETE");
  const RUNS = { numRuns: 250 };

  const alive = async () => {
    expect((await api(server, "GET", "/healthz")).body).toEqual({ status: "ok" });
    const { status, body } = await api(server, "GET", `/api/snippets/${id}/versions/${hash}`);
    expect({ status, body }).toEqual({
      status: 200,
      body: { target_hash: hash, content: "there all the time" },
    });
    expect(server.stderr()).not.toContain(" error ");
  };

  test("every method on every address is answered without a fault of the server", async () => {
    const requests = fc.asyncProperty(fc.constantFrom(...METHODS), address, (method, path) =>
      send(method, path),
    );
    await fc.assert(requests, RUNS);
    await alive();
  });

  test("every JSON on every address is answered without a fault of the server", async () => {
    const headers = { "content-type": "application/json" };
    const requests = fc.asyncProperty(writing, address, body, (method, path, sent) =>
      send(method, path, { headers, body: sent }),
    );
    await fc.assert(requests, RUNS);
    await alive();
  });

  test("every body of every type on every address is answered without a fault of the server", async () => {
    const requests = fc.asyncProperty(writing, address, rawBody, type, (method, path, sent, contentType) =>
      send(method, path, { headers: { "content-type": contentType }, body: Buffer.from(sent) }),
    );
    await fc.assert(requests, RUNS);
    await alive();
  });

  test("every text that is taken is given back: a content as it was, a title without spaces around", async () => {
    const anyText = fc.string({ unit: "binary", maxLength: 250 });
    const snippets = fc.asyncProperty(anyText, anyText, async (content, title) => {
      const { status, body } = await api(server, "POST", "/api/snippets", { content, title });
      expect(status).toBe(content.isWellFormed() && title.isWellFormed() ? 201 : 400);
      if (status !== 201) return;
      const stored = await api(server, "GET", `/api/snippets/${body.id}`);
      expect(stored.body.title).toBe(title.trim() || null);
      const delivered = await fetch(`${server.data}/${body.id}`);
      expect(Buffer.compare(await delivered.bytes(), Buffer.from(content))).toBe(0);
    });
    await fc.assert(snippets, { numRuns: 80 });
    await alive();
  });
});
