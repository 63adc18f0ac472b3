import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { createSnippet, PROGRAMS } from "../../server.ts";
import { runServer } from "../control/running.ts";

const MIB = 2 ** 20;

describe.each(PROGRAMS)("bytes of deliveries, from %s", (program) => {
  const server = runServer(program);

  const bytesOf = async (target: string) => {
    const response = await fetch(`${server.data}/${target}`);
    const bytes = Buffer.from(await response.bytes());
    expect([response.status, response.headers.get("content-length")]).toEqual([200, `${bytes.length}`]);
    return bytes;
  };

  test.each([
    ["an empty text", ""],
    ["a byte order mark", "\ufeff"],
    ["a byte order mark before text, and within", "\ufefftext\ufeff"],
    ["NUL", "\0a\0\0b\0"],
    ["every character below 256", String.fromCharCode(...Array(256).keys())],
    ["emoji and their joiners", "🐈 👩‍👩‍👧‍👦 🏳️‍🌈"],
    ["CRLF, LF, CR and other line ends", "a\r\nb\nc\rd\u0085\u2028\u2029e\r\n"],
    ["text in no normal form", "e\u0301 \u00e9 \ufb01 \u212b"],
    ["the replacement character and non-characters", "\ufffd\ufffe\uffff\u{10ffff}"],
    ["JSON, HTML and what looks like a header", '{"a":"\\u0000"}<!--</script>\r\nSet-Cookie: a=b\r\n\r\n'],
    ["spaces at both ends", " \t\n text \n\t "],
  ])("%s come as they were stored", async (_, content) => {
    const constant = await createSnippet(server, content);
    const template = await createSnippet(server, `${content}{{a}}${content}`);
    for (let i = 0; i < 2; i++) {
      expect((await bytesOf(constant)).equals(Buffer.from(content))).toBe(true);
      const value = encodeURIComponent(content);
      const expected = Buffer.from(content + content + content);
      expect((await bytesOf(`${template}?a=${value}`)).equals(expected)).toBe(true);
    }
  });

  test("any text comes as it was stored", async () => {
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), fc.boolean(), async (text, filled) => {
        const id = await createSnippet(server, filled ? `${text}{{_}}` : text);
        expect((await bytesOf(filled ? `${id}?_=` : id)).equals(Buffer.from(text))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });

  test.each([
    ["letters", "x".repeat(MIB)],
    ["emoji", "🐈".repeat(MIB / 4)],
    ["letters and a placeholder", `${"x".repeat(MIB - 5)}{{a}}`],
  ])("a text of exactly 1 MiB comes whole: %s", async (_, content) => {
    expect(Buffer.byteLength(content)).toBe(MIB);
    const id = await createSnippet(server, content);
    for (let i = 0; i < 2; i++) expect((await bytesOf(id)).equals(Buffer.from(content))).toBe(true);
  });
});

describe.each(PROGRAMS)("the size of a rendered text, from %s", (program) => {
  describe("with MAX_RENDERED_BYTES=1000", () => {
    const server = runServer(program, { MAX_RENDERED_BYTES: "1000" });

    test.each<[string, string, string, number]>([
      ["at the limit", "{{a}}", "x".repeat(1_000), 200],
      ["one byte beyond", "{{a}}", "x".repeat(1_001), 400],
      ["at the limit, by several placeholders", "{{a}}".repeat(10), "x".repeat(100), 200],
      ["beyond, by several placeholders", "{{a}}".repeat(10), "x".repeat(101), 400],
      ["at the limit, in two bytes each", "{{a}}", "%C3%BC".repeat(500), 200],
      ["beyond, in two bytes each", "{{a}}", "%C3%BC".repeat(501), 400],
      ["at the limit, in four bytes each", "{{a}}", "%F0%9F%90%88".repeat(250), 200],
      ["beyond, by the text around", "{{a}}.", "%F0%9F%90%88".repeat(250), 400],
    ])("%s", async (_, content, value, status) => {
      const id = await createSnippet(server, content);
      for (const method of ["GET", "HEAD", "GET"]) {
        const response = await fetch(`${server.data}/${id}?a=${value}`, { method });
        const text = await response.text();
        expect(response.status).toBe(status);
        if (status === 200) continue;
        expect([response.headers.get("etag"), response.headers.get("cache-control")]).toEqual([
          null,
          "no-store",
        ]);
        if (method === "GET") expect(text).toMatch(/too large|larger than the 1000 bytes/);
        expect(text).not.toContain("xxxx");
      }
      // The snippet itself is as good as before.
      expect((await fetch(`${server.data}/${id}?a=b`)).status).toBe(200);
    });
  });

  describe("by default", () => {
    const server = runServer(program);
    /** The most memory that the server had at any time, in MiB; from Linux, where deployments are. */
    const peak = () =>
      Number(/VmHWM:\s*(\d+) kB/.exec(readFileSync(`/proc/${server.pid}/status`, "utf8"))![1]) / 1_024;

    test.if(process.platform === "linux")(
      "a short query makes no large answer, nor takes its memory",
      async () => {
        const id = await createSnippet(server, "{{a}}".repeat(20_000));
        expect((await fetch(`${server.data}/${id}?a=x`)).status).toBe(200);
        const before = peak();
        const requests = Array.from({ length: 30 }, async (_, i) => {
          const response = await fetch(`${server.data}/${id}?a=${"x".repeat(8_192)}&b=${i}`);
          return [response.status, await response.text()];
        });
        const refused = [400, "the rendered text is larger than the 16777216 bytes allowed\n"];
        expect(await Promise.all(requests)).toEqual(Array(30).fill(refused));
        // One such answer in whole would be 156 MiB.
        expect(peak() - before).toBeLessThan(64);
      },
    );
  });
});
