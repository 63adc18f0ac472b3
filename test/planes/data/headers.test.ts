import { describe, expect, test } from "bun:test";
import { api, createSnippet, exchange, PROGRAMS } from "../../server.ts";
import vectors from "../../snippets/ids.json";
import { runServer } from "../control/running.ts";

const SAFETY = {
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "content-security-policy": "default-src 'none'; sandbox",
  "access-control-allow-origin": "*",
};
const LIVE = "no-cache";
const FOR_EVER = "public, max-age=31536000, immutable";

describe.each(PROGRAMS)("headers of deliveries, from %s", (program) => {
  const server = runServer(program);

  const headersOf = ({ headers }: Response) => {
    expect(headers.get("date")).toMatch(/GMT$/);
    headers.delete("date");
    return Object.fromEntries(headers);
  };
  const contentIdOf = async (id: string) =>
    (await api(server, "GET", `/api/snippets/${id}`)).body.history[0].target_hash as string;

  describe.each<[string, string, boolean]>([
    ["a live snippet", LIVE, false],
    ["a content id", FOR_EVER, true],
  ])("of %s", (_, cacheControl, byContent) => {
    test.each([
      ["without placeholders", "text of six", ""],
      ["with placeholders", "text of {{n}}", "?n=six"],
      ["with a filename", "text of six", "/six.css"],
    ])("%s: these and no others, on 200 and on 304", async (_, content, suffix) => {
      const snippetId = await createSnippet(server, content);
      const id = byContent ? await contentIdOf(snippetId) : snippetId;
      // Once from the store and once from the cache.
      for (let i = 0; i < 2; i++) {
        const response = await fetch(`${server.data}/${id}${suffix}`);
        const etag = response.headers.get("etag")!;
        expect(etag).toMatch(byContent ? /^"[\w-]{64}"$/ : /^"[\w-]{43}"$/);
        if (byContent) expect(etag).toBe(`"${id}"`);
        expect(response.status).toBe(200);
        expect(headersOf(response)).toEqual({
          "content-type": `text/${suffix.endsWith(".css") ? "css" : "plain"}; charset=utf-8`,
          "content-length": "11",
          etag,
          "cache-control": cacheControl,
          ...SAFETY,
        });

        const unchanged = await fetch(`${server.data}/${id}${suffix}`, {
          headers: { "if-none-match": etag },
        });
        expect(unchanged.status).toBe(304);
        expect(headersOf(unchanged)).toEqual({ etag, "cache-control": cacheControl, ...SAFETY });
        expect(await unchanged.text()).toBe("");
      }
    });
  });

  test.each([
    "text/html",
    'application/vnd.example+json; profile="a b\\"c"; charset=utf-8',
    "x",
    "text/x-tab;\tcharset=utf-8",
    "a".repeat(255),
  ])("the content type is what was stored: %p", async (type) => {
    const id = await createSnippet(server, "x{{a}}", { content_type: type });
    for (const query of ["", "", "?a=b"]) {
      expect((await fetch(`${server.data}/${id}${query}`)).headers.get("content-type")).toBe(type);
    }
  });

  test.each(["/abc", `/${"A".repeat(64)}`])(
    "errors have the safety headers and are not kept: %s",
    async (path) => {
      for (const method of ["GET", "POST"]) {
        const { headers } = await fetch(server.data + path, { method });
        expect(Object.fromEntries(headers)).toMatchObject({
          ...SAFETY,
          "cache-control": "no-store",
          "content-type": "text/plain; charset=utf-8",
        });
        expect(headers.has("etag")).toBe(false);
      }
    },
  );

  describe("nothing that is asked gets into the head of the answer", () => {
    const HEAD_LINES =
      "Access-Control-Allow-Origin,Cache-Control,Content-Length,Content-Security-Policy,Content-Type,Date,ETag,Referrer-Policy,X-Content-Type-Options";
    test.each([
      "%0d%0aSet-Cookie:%20a=b",
      "%0D%0A%0D%0A<script>alert(1)</script>",
      "%0a%0aHTTP/1.1%20200%20OK",
      "%E5%98%8A%E5%98%8DSet-Cookie:%20a=b",
      "%00",
      "%22;x=%22",
      '"<>\\^`{|}',
      "http://example.org/%23",
      "//example.org",
      "..%2f..%2f",
      "%c0%af%ff",
      "\x80\xff\x85",
      "%u000a%",
    ])("%p as a value, a name and a filename", async (nasty) => {
      const id = await createSnippet(server, "[{{v}}]");
      // To a URL parser a backslash is a slash as well.
      const filename = nasty.replaceAll(/[/\\]/g, encodeURIComponent);
      const values = new URLSearchParams(`v=${Buffer.from(nasty, "latin1").toString()}`);
      for (const [suffix, text] of [
        [`?v=${nasty}`, `[${values.get("v")}]`],
        [`?${nasty}=v`, "[{{v}}]"],
        [`/${filename}?v=1`, "[1]"],
        [`/${filename}.css`, "[{{v}}]"],
      ] as const) {
        const request = `GET /${id}${suffix} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
        const { head, body } = await exchange(server.data, request);
        const [status, ...lines] = head.split("\r\n");
        expect(status).toBe("HTTP/1.1 200 OK");
        const names = lines.filter((line) => line !== "Connection: close").map((line) => line.split(":")[0]!);
        expect(names.sort().join()).toBe(HEAD_LINES);
        expect(body.toString()).toBe(text);
      }
    });
  });
});

describe.each(PROGRAMS)("entity tags under a known secret, from %s", (program) => {
  describe.each(vectors.secrets)("$secret", ({ secret, etags, content_ids }) => {
    const server = runServer(program, { ID_SIGNING_SECRET: secret });

    test("are those of the test vectors, with the raw query as it was sent", async () => {
      const id = await createSnippet(server, "Hello {{name}} on {{port}}");
      for (const { target_hash, raw_query, etag } of etags) {
        const { history } = (await api(server, "GET", `/api/snippets/${id}`)).body;
        expect(history[0].target_hash).toBe(target_hash);
        const suffixes = raw_query === "" ? ["", "?", "/x.css"] : [`?${raw_query}`, `/x.css?${raw_query}`];
        for (const suffix of suffixes) {
          const request = `GET /${id}${suffix} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
          const { head } = await exchange(server.data, request);
          expect(head.match(/^etag: .*$/gim)).toEqual([`ETag: ${etag}`]);
        }
      }
    });

    test("of content ids are the id, and each delivers its text", async () => {
      for (const { id, content, repeat } of content_ids) {
        const text = content ?? repeat!.text.repeat(repeat!.times);
        await createSnippet(server, text);
        const response = await fetch(`${server.data}/${id}`);
        expect([response.status, response.headers.get("etag")]).toEqual([200, `"${id}"`]);
        expect(await response.text()).toBe(text);
      }
    });
  });

  test("differ by secret, text and query, and tell nothing of the target", async () => {
    const etags = new Set(vectors.secrets.flatMap(({ etags }) => etags.map(({ etag }) => etag)));
    expect(etags.size).toBe(6);
  });
});
