import { beforeAll, describe, expect, test } from "bun:test";
import { createIds } from "../../../src/snippets/id.ts";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { CANARY, expectProblem } from "./problem.ts";
import { runServer, SECRET } from "./running.ts";

const MAX_CONTENT_BYTES = 2_000;

/** What stands for an id in a scenario: `{name}`, in its path and in its body. */
type Names = "id" | "hash" | "other" | "otherHash" | "unknown" | "forged";
interface Scenario {
  what: string;
  status: number;
  method: string;
  path: string;
  body?: unknown;
}

const scenario = (status: number, what: string, method: string, path: string, body?: unknown): Scenario => ({
  what,
  status,
  method,
  path: `/api/snippets${path}`,
  body,
});

/** Every call on one snippet, as it would be right. */
const callsOn = (id: string): [method: string, path: string, body?: unknown][] => [
  ["GET", `/${id}`],
  ["PATCH", `/${id}`, { content: CANARY }],
  ["DELETE", `/${id}`],
  ["GET", `/${id}/history`],
  ["GET", `/${id}/versions/{hash}`],
  ["POST", `/${id}/restore`, { target_hash: "{hash}" }],
];

const WRONG_TEXTS = [7, true, [CANARY], { text: CANARY }];
const wrongFields: [string, Record<string, unknown>][] = [
  ...["content", "content_type", "title", "description"].flatMap((field) =>
    WRONG_TEXTS.map((value): [string, Record<string, unknown>] => [
      `${field} of type ${Array.isArray(value) ? "array" : typeof value}`,
      { [field]: value },
    ]),
  ),
  ["title of 256 characters", { title: CANARY + "t".repeat(250) }],
  ["title of 256 characters that are two units each", { title: "🐈".repeat(256) }],
  ["description of 4097 characters", { description: CANARY + "d".repeat(4_091) }],
  ["content type of 256 characters", { content_type: `text/${"x".repeat(251)}` }],
  ["content type that would start another header", { content_type: `text/html\r\nX-Evil: ${CANARY}` }],
  ["content type with a line feed", { content_type: "text/html\n" }],
  ["content type with NUL", { content_type: "text/\u0000html" }],
  ["content type beyond Latin-1", { content_type: "text/🐈" }],
  ["content with an unpaired surrogate", { content: `${CANARY}\ud800` }],
  ["title with an unpaired surrogate", { title: `\udc00${CANARY}` }],
  ["description with an unpaired surrogate", { description: `${CANARY}\ud83d` }],
];

const MALFORMED = {
  "63 characters": "A".repeat(63),
  "65 characters": "A".repeat(65),
  "another alphabet": `${"A".repeat(63)}~`,
  "a percent-encoded slash": `${"A".repeat(63)}%2F`,
  "a letter beyond ASCII": `${"A".repeat(63)}%C3%A9`,
  "broken percent-encoding": "A".repeat(61).concat("%ZZ"),
  "a short word": CANARY,
};

const scenarios: Scenario[] = [
  ...[{}, { title: CANARY }, { content: null }, null, [], [CANARY], CANARY, 5, true].map((body) =>
    scenario(400, `create with ${JSON.stringify(body)}`, "POST", "", body),
  ),
  ...wrongFields.map(([what, fields]) =>
    scenario(400, `create with a ${what}`, "POST", "", { content: CANARY, ...fields }),
  ),
  ...[{}, { title: null, content: null }, { nothing: CANARY }, null, [], [CANARY], CANARY, 5, false].map(
    (body) => scenario(400, `edit with ${JSON.stringify(body)}`, "PATCH", "/{id}", body),
  ),
  ...wrongFields.map(([what, fields]) =>
    scenario(400, `edit with a ${what} beside what is right`, "PATCH", "/{id}", {
      content: "new content",
      title: "new title",
      ...fields,
    }),
  ),
  ...[{}, { target_hash: null }, { target_hash: 5 }, { target_hash: [] }, null, [], CANARY].map((body) =>
    scenario(400, `restore with ${JSON.stringify(body)}`, "POST", "/{id}/restore", body),
  ),
  ...["", CANARY, "A".repeat(63), "A".repeat(65), "{id}", "{otherHash}", "{unknown}", "{forged}"].map(
    (target) =>
      scenario(400, `restore to ${target || "nothing"}`, "POST", "/{id}/restore", { target_hash: target }),
  ),
  ...Object.entries(MALFORMED).flatMap(([what, id]) => [
    ...callsOn(id).map(([method, path, body]) => {
      const call = `${method} ${path.replace(id, "")}`;
      return scenario(400, `${call} with an id of ${what}`, method, path, body);
    }),
    scenario(400, `a version's hash of ${what}`, "GET", `/{id}/versions/${id}`),
  ]),
  ...["0", "51", "-1", "1.5", "1e3", "NaN", "Infinity", CANARY, "5a", "", "%20", "null", "true"].flatMap(
    (limit) =>
      ["", "/{id}", "/{id}/history"].map((path) =>
        scenario(400, `limit=${limit} on ${path || "the list"}`, "GET", `${path}?limit=${limit}`),
      ),
  ),
  ...["", ".", "%00", CANARY, `${CANARY}.${CANARY}`, "e30.AAAAAAAAAAAAAAAAAAAAAA"].flatMap((cursor) =>
    ["", "/{id}/history"].map((path) =>
      scenario(400, `cursor=${cursor} on ${path || "the list"}`, "GET", `${path}?cursor=${cursor}`),
    ),
  ),
  scenario(400, "deleted neither true nor false", "GET", `?deleted=${CANARY}`),

  ...["{unknown}", "{forged}", "{hash}"].flatMap((id) =>
    callsOn(id).map(([method, path, body]) =>
      scenario(404, `${method} ${path} where no snippet is`, method, path, body),
    ),
  ),
  scenario(404, "a version of another snippet", "GET", "/{id}/versions/{otherHash}"),
  scenario(404, "a version that no snippet has", "GET", "/{id}/versions/{unknown}"),
  scenario(404, "a version with a wrong MAC", "GET", "/{id}/versions/{forged}"),
  scenario(404, "a snippet id as a version", "GET", "/{id}/versions/{id}"),
  scenario(404, "a path that is no endpoint", "GET", "/{id}/nothing"),
  scenario(404, "a method that is no endpoint", "PUT", "/{id}", { content: CANARY }),

  ...[
    ["one byte too long", CANARY + "a".repeat(MAX_CONTENT_BYTES - 5)],
    ["one byte too long, in characters of two bytes", `${"é".repeat(MAX_CONTENT_BYTES / 2)}a`],
    ["too long in bytes only", "é".repeat(MAX_CONTENT_BYTES / 2 + 1)],
    ["far too long", CANARY.repeat(100_000)],
  ].flatMap(([what, content]) => [
    scenario(413, `create with a content ${what}`, "POST", "", { content }),
    scenario(413, `edit with a content ${what}`, "PATCH", "/{id}", { content, title: "new title" }),
  ]),
];

describe.each(PROGRAMS)("bad input, from %s", (program) => {
  const server = runServer(program, {
    MAX_CONTENT_BYTES: String(MAX_CONTENT_BYTES),
    ID_SIGNING_SECRET: SECRET,
  });
  let names: Record<Names, string>;
  beforeAll(async () => {
    const [id, other] = [
      await createSnippet(server, "own {{text}}"),
      await createSnippet(server, "other text"),
    ];
    const hashOf = async (snippet: string): Promise<string> =>
      (await api(server, "GET", `/api/snippets/${snippet}`)).body.history[0].target_hash;
    const ids = await createIds(SECRET);
    names = {
      id,
      hash: await hashOf(id),
      other,
      otherHash: await hashOf(other),
      unknown: ids.ofPrefix(ids.randomPrefix()),
      forged: id.slice(0, -1) + (id.endsWith("A") ? "B" : "A"),
    };
  });
  const fill = (text: string) => text.replace(/\{(\w+)\}/g, (all, name) => names[name as Names] ?? all);

  /** All that a write could change. */
  const everything = async () => {
    const paths = ["", "?deleted=true", `/${names.id}?limit=50`, `/${names.other}`];
    const answers = await Promise.all(paths.map((path) => api(server, "GET", `/api/snippets${path}`)));
    const delivered = [names.id, names.hash, names.other].map((id) => fetch(`${server.data}/${id}?text=1`));
    const texts = (await Promise.all(delivered)).map((response) => response.text());
    return [answers.map(({ body }) => body), await Promise.all(texts)];
  };

  test.each(scenarios)("$status for $what; nothing changes", async ({ status, method, path, body }) => {
    const before = await everything();
    const sent = body === undefined ? undefined : JSON.parse(fill(JSON.stringify(body)));
    const answer = await api(server, method, fill(path), sent);
    expectProblem(answer, status);
    expect(await everything()).toEqual(before);
  });

  test.each([
    { field: "limit", why: "too large", query: "?limit=51" },
    { field: "limit", why: "no number", query: "?limit=x" },
    { field: "deleted", why: "another word", query: "?deleted=x" },
    { field: "cursor", why: "not issued", query: "?cursor=x" },
    { field: "title", why: "another type", body: { content: "x", title: 5 } },
    { field: "title", why: "too long", body: { content: "x", title: "t".repeat(256) } },
    { field: "description", why: "too long", body: { content: "x", description: "d".repeat(4_097) } },
    { field: "content_type", why: "illegal", body: { content: "x", content_type: "\n" } },
    { field: "content", why: "missing", body: { title: "x" } },
    { field: "content", why: "another type", body: { content: 5 } },
  ])("the message names the field at fault: $field, $why", async ({ field, query = "", body }) => {
    const { body: answer } = await api(server, body ? "POST" : "GET", `/api/snippets${query}`, body);
    expect(answer.error).toMatch(new RegExp(`\\b${field}\\b`));
  });
});
