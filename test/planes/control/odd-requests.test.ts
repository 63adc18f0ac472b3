import { beforeAll, describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { expectProblem } from "./problem.ts";
import { runServer } from "./running.ts";
import { type RawAnswer, sendRaw } from "./socket.ts";

const request = (line: string, ...headers: string[]) => [line, ...headers, "", ""].join("\r\n");
const POST = "POST /api/snippets HTTP/1.1";
const HOST = "Host: localhost";
const JSON_TYPE = "Content-Type: application/json";
const chunk = (text: string) => `${text.length.toString(16)}\r\n${text}\r\n`;

describe.each(PROGRAMS)("requests that no HTTP client sends, from %s", (program) => {
  const server = runServer(program, { MAX_CONTENT_BYTES: "1000" });
  beforeAll(async () => {
    await createSnippet(server, "there before");
  });

  const list = async () => (await api(server, "GET", "/api/snippets?limit=50")).body;
  const expectRawProblem = ({ status, head, body }: RawAnswer, expected: number) => {
    const headers = new Headers();
    headers.set("content-type", /^content-type: *(.*?)\r?$/im.exec(head)?.[1] ?? "");
    expectProblem({ status, headers, body: body === "" ? body : JSON.parse(body) }, expected);
  };
  /** The server lives on, and nothing was stored. */
  const unharmed = async (before: unknown) => {
    expect((await api(server, "GET", "/healthz")).body).toEqual({ status: "ok" });
    expect(await list()).toEqual(before);
    expect(server.stderr()).not.toContain(" error ");
  };

  test.each([
    { what: "of 10 GB", length: 10_000_000_000 },
    { what: "of 200 MB", length: 200_000_000 },
    { what: "of 1 MB", length: 1_000_000 },
  ])("413 for a body that is announced as one $what, without waiting for it", async ({ length }) => {
    const before = await list();
    const head = request(POST, HOST, JSON_TYPE, `Content-Length: ${length}`);
    expectRawProblem(await sendRaw(server, [head, '{"content":"x']), 413);
    await unharmed(before);
  });

  test.each([
    { what: "that ends", end: "0\r\n\r\n" },
    { what: "that does not end", end: "" },
  ])("413 for a body in chunks over the limit $what", async ({ end }) => {
    const before = await list();
    const head = request(POST, HOST, JSON_TYPE, "Transfer-Encoding: chunked");
    const chunks = Array.from({ length: 20 }, () => chunk("x".repeat(10_000)));
    expectRawProblem(await sendRaw(server, [head, chunk('{"content":"'), ...chunks, end]), 413);
    await unharmed(before);
  });

  test("a body in chunks within the limit is a body", async () => {
    const head = request(POST, HOST, JSON_TYPE, "Transfer-Encoding: chunked");
    const answer = await sendRaw(server, [head, chunk('{"cont'), chunk('ent":"in chunks"}'), "0\r\n\r\n"]);
    expect(answer.status).toBe(201);
    const delivered = await fetch(`${server.data}/${JSON.parse(answer.body).id}`);
    expect(await delivered.text()).toBe("in chunks");
  });

  test.each([
    { what: "a body shorter than announced", headers: ["Content-Length: 100"], body: '{"content":"cut"}' },
    { what: "no body where one is announced", headers: ["Content-Length: 100"], body: "" },
    {
      what: "chunks without an end",
      headers: ["Transfer-Encoding: chunked"],
      body: chunk('{"content":"cut"}'),
    },
  ])("$what, and then no connection: nothing is stored", async ({ headers, body }) => {
    const before = await list();
    await sendRaw(server, [request(POST, HOST, JSON_TYPE, ...headers), body], { thenClose: true });
    await unharmed(before);
  });

  test("400 for a body that is no UTF-8", async () => {
    const before = await list();
    const body = Buffer.concat([Buffer.from('{"content":"'), Buffer.of(0xfe, 0xff), Buffer.from('"}')]);
    const head = request(POST, HOST, JSON_TYPE, `Content-Length: ${body.length}`);
    expectRawProblem(await sendRaw(server, [head, body]), 400);
    await unharmed(before);
  });

  // What the HTTP parser refuses has no body of ours; what counts is that it is refused as a client's fault.
  test.each<{ what: string; parts: (string | Uint8Array)[] }>([
    { what: "no Host", parts: [request("GET /api/me HTTP/1.1")] },
    { what: "a length below zero", parts: [request(POST, HOST, JSON_TYPE, "Content-Length: -5"), "{}"] },
    {
      what: "a length that is no number",
      parts: [request(POST, HOST, JSON_TYPE, "Content-Length: x"), "{}"],
    },
    {
      what: "a length and chunks",
      parts: [request(POST, HOST, JSON_TYPE, "Content-Length: 5", "Transfer-Encoding: chunked"), "0\r\n\r\n"],
    },
    {
      what: "a broken chunk",
      parts: [request(POST, HOST, JSON_TYPE, "Transfer-Encoding: chunked"), "zz\r\n\r\n"],
    },
    { what: "the first bytes of TLS", parts: [Buffer.of(0x16, 3, 1, 2, 0, 1, 0), "\r\n\r\n"] },
    { what: "a path of 100,000 characters", parts: [request(`GET /${"a".repeat(100_000)} HTTP/1.1`, HOST)] },
    {
      what: "a header of 100,000 characters",
      parts: [request("GET / HTTP/1.1", HOST, `X: ${"a".repeat(100_000)}`)],
    },
    { what: "a method of its own", parts: [request("MARGAY /api/snippets HTTP/1.1", HOST)] },
    { what: "TRACE", parts: [request("TRACE /api/snippets HTTP/1.1", HOST)] },
    { what: "a path that begins with two slashes", parts: [request("GET //api/me HTTP/1.1", HOST)] },
    {
      what: "a path with bytes above ASCII",
      parts: [Buffer.from(request("GET /\xff\xfe HTTP/1.1", HOST), "latin1")],
    },
  ])("a request with $what is refused, and the server lives on", async ({ parts }) => {
    const before = await list();
    const { status } = await sendRaw(server, parts);
    // A method that it does not know is answered by closing the connection.
    expect([0, 4]).toContain(Math.floor(status / 100));
    await unharmed(before);
  });

  test.each([
    { what: "HTTP/1.0 without Host", head: request("GET /api/me HTTP/1.0") },
    {
      what: "a Host that is none",
      head: request("GET /api/me HTTP/1.1", "Host: a b/?#@", "Connection: close"),
    },
    {
      what: "an absolute address",
      head: request("GET http://elsewhere/api/me HTTP/1.1", HOST, "Connection: close"),
    },
  ])("a request with $what is answered", async ({ head }) => {
    const { status, body } = await sendRaw(server, [head]);
    expect(status).toBe(200);
    expect(JSON.parse(body)).toEqual({ user_id: "local-dev", is_admin: true });
  });

  test("many connections that send half a request harm nobody", async () => {
    const before = await list();
    const head = request(POST, HOST, JSON_TYPE, "Content-Length: 1000");
    const halves = Array.from({ length: 50 }, () => sendRaw(server, [head, '{"con'], { thenClose: true }));
    await unharmed(before);
    await Promise.all(halves);
    await unharmed(before);
  });
});
