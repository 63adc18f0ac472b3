import { describe, expect, test } from "bun:test";
import {
  api,
  createSnippet,
  exchange,
  PROGRAMS,
  type RawAnswer,
  startServer,
  temporaryFolder,
} from "../../server.ts";
import vectors from "../../snippets/ids.json";
import { runServer } from "../control/running.ts";

const { secret, prefix_ids } = vectors.secrets[0]!;
/** Rightly signed, and of nothing that is stored. */
const UNKNOWN = prefix_ids[1]!.id;

const altered = (id: string, at: number) => id.slice(0, at) + (id[at] === "A" ? "B" : "A") + id.slice(at + 1);

/** An answer to compare with another: whole, but for the time of day. */
const timeless = ({ head, body }: RawAnswer) =>
  `${head.replace(/\r\nDate: [^\r]*/, "")}\n\n${body.toString("latin1")}`;

describe.each(PROGRAMS)("delivery, from %s", (program) => {
  const server = runServer(program, { ID_SIGNING_SECRET: secret });
  const ask = (method: string, target: string, headers = "") =>
    exchange(
      server.data,
      `${method} ${target} HTTP/1.1\r\nHost: localhost\r\n${headers}Connection: close\r\n\r\n`,
    );

  test("fills placeholders from the query and leaves the others as they are", async () => {
    const id = await createSnippet(server, "Hello {{name}} on {{port}}");
    const response = await fetch(`${server.data}/${id}?name=world`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("Hello world on {{port}}");
  });

  test("serves every version of a snippet under its content id, as it was stored", async () => {
    const id = await createSnippet(server, "one {{a}}");
    await api(server, "PATCH", `/api/snippets/${id}`, { content: "two {{a}}" });
    const { history } = (await api(server, "GET", `/api/snippets/${id}`)).body;
    const texts = await Promise.all(
      [1, 0].map(async (i) => (await fetch(`${server.data}/${history[i].target_hash}?a=1`)).text()),
    );
    expect(texts).toEqual(["one 1", "two 1"]);
  });

  describe.each(["GET", "HEAD"])("%s of what is not there", (method) => {
    test.each<[string, (id: string) => string]>([
      ["an id with another MAC", (id) => altered(id, 63)],
      ["an id with another MAC and a query", (id) => `${altered(id, 44)}?name=world`],
      ["an id with another prefix", (id) => altered(id, 0)],
      ["an id that is cut short", (id) => id.slice(0, 63)],
      ["an id with a character more", (id) => `${id}A`],
      ["an id twice", (id) => id + id],
      ["the alphabet of base64", (id) => `${id.slice(0, 63)}+`],
      ["padding", (id) => `${id.slice(0, 63)}=`],
      ["a dot", (id) => `${id.slice(0, 63)}.`],
      ["a percent-encoded character", (id) => `%${id.charCodeAt(0).toString(16)}${id.slice(1)}`],
      ["64 characters with an escape among them", (id) => `%41${id.slice(3)}`],
      ["a byte beyond ASCII", (id) => `${id.slice(0, 63)}\xe9`],
      ["a short word", () => "abc"],
      ["a short word with a filename", () => "abc/style.css"],
      ["a filename below a forged id", (id) => `${altered(id, 63)}/style.css`],
      ["a filename below an unknown id", () => `${UNKNOWN}/style.css`],
      ["an unknown id with a query", () => `${UNKNOWN}?name=world`],
    ])("answers %s like an unknown id, to the byte", async (_, targetOf) => {
      const id = await createSnippet(server, "Hello {{name}}");
      // What the cache holds must not shine through.
      for (const query of ["", "?name=world"]) await (await fetch(`${server.data}/${id}${query}`)).text();

      const expected = await ask(method, `/${UNKNOWN}`);
      expect(expected.head).toStartWith("HTTP/1.1 404 ");
      expect(expected.head).not.toMatch(/^etag:/im);
      expect(timeless(await ask(method, `/${targetOf(id)}`))).toBe(timeless(expected));
    });

    test("answers a snippet that was taken off delivery like an unknown id, with any condition", async () => {
      const id = await createSnippet(server, `gone by ${method}`);
      const etag = (await fetch(`${server.data}/${id}`)).headers.get("etag");
      expect((await api(server, "DELETE", `/api/snippets/${id}`)).status).toBe(204);
      const expected = timeless(await ask(method, `/${UNKNOWN}`));
      expect(timeless(await ask(method, `/${id}`))).toBe(expected);
      expect(timeless(await ask(method, `/${id}`, `If-None-Match: ${etag}\r\n`))).toBe(expected);
      expect(timeless(await ask(method, `/${id}`, "If-None-Match: *\r\n"))).toBe(expected);
    });
  });

  test.each<[string, string, string]>([
    ["a text with placeholders", "Hello {{name}}", "?name=w%C3%B6rld"],
    ["a text without", "Hello", ""],
    ["an empty text", "", ""],
    ["a large text", "ü".repeat(300_000), ""],
    ["a filename", "b {}", "/style.css"],
    ["a text that renders too large", "{{a}}".repeat(20_000), `?a=${"x".repeat(8_192)}`],
  ])("HEAD tells of %s what GET does, without a body", async (_, content, suffix) => {
    const id = await createSnippet(server, content);
    // Once from the store and once from the cache.
    for (let i = 0; i < 2; i++) {
      const [head, get] = await Promise.all(
        ["HEAD", "GET"].map((method) => fetch(`${server.data}/${id}${suffix}`, { method })),
      );
      const bytes = await get!.bytes();
      get!.headers.delete("date");
      head!.headers.delete("date");
      expect([...head!.headers]).toEqual([...get!.headers]);
      expect(head!.status).toBe(get!.status);
      expect(head!.headers.get("content-length")).toBe(`${bytes.length}`);
      expect((await ask("HEAD", `/${id}${suffix}`)).body.length).toBe(0);
    }
  });

  // Those that Bun's parser knows; it closes the connection on any other.
  const OTHER_METHODS =
    "POST PUT PATCH DELETE OPTIONS TRACE CONNECT PROPFIND PROPPATCH MKCOL COPY MOVE LOCK UNLOCK SEARCH REPORT QUERY PURGE".split(
      " ",
    );
  test.each(OTHER_METHODS)(
    "%s is not allowed on either shape of address, and changes nothing",
    async (method) => {
      const id = await createSnippet(server, "still here");
      const addresses = [id, `${id}?a=b`, altered(id, 63), "abc"].flatMap((each) => [
        `/${each}`,
        `/${each.replace(/(\?|$)/, "/page.html$1")}`,
      ]);
      for (const address of addresses) {
        const { head } = await ask(method, address);
        expect(`${address}: ${head}`).toContain(`${address}: HTTP/1.1 405 `);
        expect(head.match(/^allow: .*$/gim)).toEqual(["Allow: GET, HEAD"]);
      }
      expect(await (await fetch(`${server.data}/${id}`)).text()).toBe("still here");
    },
  );
});

describe.each(PROGRAMS)("a restart, from %s", (program) => {
  test.each<[string, Record<string, string>]>([
    ["a secret of the settings", { ID_SIGNING_SECRET: secret }],
    ["the secret of the data folder", {}],
  ])("keeps ids, texts and entity tags with %s", async (_, env) => {
    const folder = temporaryFolder();
    try {
      const seen: string[] = [];
      let targets: string[] = [];
      for (let start = 0; start < 2; start++) {
        const server = await startServer(program, folder.path, { env });
        try {
          if (targets.length === 0) {
            const id = await createSnippet(server, "Hello {{name}}", { content_type: "text/markdown" });
            const { history } = (await api(server, "GET", `/api/snippets/${id}`)).body;
            targets = [id, `${id}?name=world`, `${id}/a.html`, history[0].target_hash];
          }
          const answers = targets.map(async (target) => {
            const response = await fetch(`${server.data}/${target}`);
            response.headers.delete("date");
            return JSON.stringify([response.status, ...response.headers, await response.text()]);
          });
          seen.push((await Promise.all(answers)).join("\n"));
        } finally {
          await server.stop();
        }
      }
      expect(seen[1]).toBe(seen[0]!);
      expect(seen[0]).toContain("Hello world");
    } finally {
      folder.remove();
    }
  });
});
