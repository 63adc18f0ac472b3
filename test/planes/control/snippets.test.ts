import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { runServer } from "./running.ts";

const MAX_CONTENT_BYTES = 3_000;
const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;
const DEFAULTS = { content_type: "text/plain; charset=utf-8", title: null, description: null };

describe.each(PROGRAMS)("snippets over the management API, from %s", (program) => {
  const server = runServer(program, {
    MAX_CONTENT_BYTES: String(MAX_CONTENT_BYTES),
    DATA_PLANE_PUBLIC_URL: "https://get.example.org/",
  });

  const read = async (id: string) => (await api(server, "GET", `/api/snippets/${id}`)).body;
  const currentContent = async (id: string) => {
    const { history } = await read(id);
    const path = `/api/snippets/${id}/versions/${history[0].target_hash}`;
    const { body } = await api(server, "GET", path);
    expect(body).toEqual({ target_hash: history[0].target_hash, content: expect.any(String) });
    return body.content;
  };

  test("the server tells without sign-in that it lives, how to sign in and where snippets are delivered", async () => {
    expect((await api(server, "GET", "/healthz")).body).toEqual({ status: "ok" });
    const { status, body } = await api(server, "GET", "/api/auth-info");
    expect(status).toBe(200);
    expect(body).toEqual({ mode: "none", data_plane_url: "https://get.example.org" });
  });

  test("in mode none the caller is the local superuser", async () => {
    const { status, body } = await api(server, "GET", "/api/me");
    expect(status).toBe(200);
    expect(body).toEqual({ user_id: "local-dev", is_admin: true });
  });

  test("a new snippet gets defaults, an owner and one ledger entry", async () => {
    const { status, body } = await api(server, "POST", "/api/snippets", { content: "text" });
    expect(status).toBe(201);
    expect(body).toEqual({ id: expect.any(String), owner_id: "local-dev", ...DEFAULTS });
    expect(body.id).toMatch(/^[A-Za-z0-9_-]{64}$/);

    const snippet = await read(body.id);
    expect(snippet).toEqual({
      ...body,
      history_count: 1,
      history: [
        {
          target_hash: expect.stringMatching(/^[A-Za-z0-9_-]{64}$/),
          editor_id: "local-dev",
          changed_at: expect.stringMatching(RFC_3339_UTC),
          version_number: 1,
          is_current: true,
        },
      ],
      history_next_cursor: null,
      history_limit: expect.any(Number),
    });
    expect(await currentContent(body.id)).toBe("text");
  });

  test("two snippets of one content have ids of their own and share the version", async () => {
    const [one, other] = [await createSnippet(server, "shared"), await createSnippet(server, "shared")];
    expect(one).not.toBe(other);
    expect((await read(one)).history[0].target_hash).toBe((await read(other)).history[0].target_hash);
  });

  test.each([
    { what: "all fields", sent: { title: "t", description: "d", content_type: "text/html" } },
    { what: "a title of 255 characters", sent: { title: "t".repeat(255) } },
    { what: "a title of 255 characters that are two units each", sent: { title: "🐈".repeat(255) } },
    {
      what: "a title of 255 characters between spaces",
      sent: { title: `  ${"t".repeat(255)}\n ` },
      stored: { title: "t".repeat(255) },
    },
    { what: "a description of 4096 characters", sent: { description: "d".repeat(4_096) } },
    { what: "a description of 4096 two-byte characters", sent: { description: "é".repeat(4_096) } },
    { what: "a content type of 255 characters", sent: { content_type: `text/${"x".repeat(250)}` } },
    {
      what: "texts that are empty or only spaces, which count as none",
      sent: { title: "", description: " \t\n" },
      stored: {},
    },
    {
      what: "null, which means not given",
      sent: { title: null, description: null, content_type: null },
      stored: {},
    },
    { what: "fields that nobody knows, which are left out", sent: { unknown: 1, id: "x" }, stored: {} },
  ])("create takes $what", async ({ sent, stored = sent }) => {
    const { status, body } = await api(server, "POST", "/api/snippets", { content: "x", ...sent });
    expect(status).toBe(201);
    const expected = { id: body.id, owner_id: "local-dev", ...DEFAULTS, ...stored };
    expect(body).toEqual(expected);
    expect(await read(body.id)).toMatchObject(expected);
    const delivered = await fetch(`${server.data}/${body.id}`);
    expect(delivered.headers.get("content-type")).toBe(expected.content_type);
  });

  test.each([
    { what: "the empty text", content: "" },
    { what: "exactly the bytes allowed", content: "a".repeat(MAX_CONTENT_BYTES) },
    { what: "exactly the bytes allowed in two-byte characters", content: "é".repeat(MAX_CONTENT_BYTES / 2) },
    {
      what: "exactly the bytes allowed in four-byte characters",
      content: "🐈".repeat(MAX_CONTENT_BYTES / 4),
    },
    {
      what: "exactly the bytes allowed, of which JSON makes six each",
      content: "\u0001".repeat(MAX_CONTENT_BYTES),
    },
    { what: "a byte order mark, NUL and line ends of all kinds", content: "\uFEFFa\u0000b\r\nc\rd\u2028" },
    { what: "what looks like JSON, SQL or a replacement pattern", content: `{"a":'1'; DROP TABLE x} $& \\1` },
  ])("a content is kept byte for byte: $what", async ({ content }) => {
    const created = await createSnippet(server, content);
    expect(await currentContent(created)).toBe(content);
    const edited = await createSnippet(server, "before");
    expect((await api(server, "PATCH", `/api/snippets/${edited}`, { content })).status).toBe(200);
    expect(await currentContent(edited)).toBe(content);
    for (const id of [created, edited]) {
      const bytes = await (await fetch(`${server.data}/${id}`)).bytes();
      expect(Buffer.compare(bytes, Buffer.from(content))).toBe(0);
    }
  });

  const BEFORE = { title: "title", description: "description", content_type: "text/html" };
  test.each([
    { what: "a title", sent: { title: "new" } },
    { what: "a description", sent: { description: "new" } },
    { what: "a content type", sent: { content_type: "text/css" } },
    {
      what: "fields exactly at their limits",
      sent: { title: "é".repeat(255), description: "🐈".repeat(4_096), content_type: `a/${"b".repeat(253)}` },
    },
    { what: "an empty title, which clears it", sent: { title: "" }, changed: { title: null } },
    {
      what: "a description of spaces, which clears it",
      sent: { description: "  " },
      changed: { description: null },
    },
    {
      what: "null beside a field, which leaves it",
      sent: { title: "new", description: null, content: null },
    },
    { what: "a content alone", sent: { content: "new" }, versions: 2 },
    { what: "everything at once", sent: { content: "new", title: "n", description: "n" }, versions: 2 },
  ])("edit takes $what", async ({ sent, changed, versions = 1 }) => {
    const id = await createSnippet(server, "old", BEFORE);
    const before = await read(id);
    const { content, ...given } = Object.fromEntries(
      Object.entries(sent).filter(([, value]) => value !== null),
    );
    const expected = { id, owner_id: "local-dev", ...BEFORE, ...(changed ?? given) };

    const { status, body } = await api(server, "PATCH", `/api/snippets/${id}`, sent);
    expect(status).toBe(200);
    expect(body).toEqual(expected);
    const after = await read(id);
    expect(after).toMatchObject({ ...expected, history_count: versions });
    expect(await currentContent(id)).toBe(content === undefined ? "old" : String(content));
    if (versions === 1) expect(after.history).toEqual(before.history);
  });

  test("a body may name its charset, and letter case of its type does not matter", async () => {
    for (const type of ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"]) {
      const body = JSON.stringify({ content: "é" });
      const headers = { "content-type": type };
      const { status } = await fetch(`${server.control}/api/snippets`, { method: "POST", headers, body });
      expect({ type, status }).toEqual({ type, status: 201 });
    }
  });
});
