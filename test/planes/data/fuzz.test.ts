import { beforeAll, describe, expect, test } from "bun:test";
import { connect } from "node:net";
import fc from "fast-check";
import { createSnippet, exchange, PROGRAMS } from "../../server.ts";
import { runServer } from "../control/running.ts";

const CONTENT = "Hello {{name}}";

/** Characters that stand for the bytes from `first` to `last`. */
const bytes = (first: number, last: number) =>
  fc.integer({ min: first, max: last }).map((byte) => String.fromCharCode(byte));
const text = (unit: fc.Arbitrary<string>, maxLength: number) =>
  fc.array(unit, { maxLength, size: "max" }).map((units) => units.join(""));

const oneOf = (words: string) => fc.constantFrom(...words.split(" "));

/** What may stand in a request line without ending it, with what matters in addresses more often than by chance. */
const inTarget = fc.oneof(
  { weight: 3, arbitrary: bytes(0x21, 0xff) },
  { weight: 2, arbitrary: oneOf("/ ? # % %2e %00 %0d%0a .. \\ // & = : @ {{name}}") },
);
const target = text(inTarget, 60);
const inValue = fc.oneof(bytes(0x20, 0x7e), bytes(0x80, 0xff), oneOf('\t , " W/ * bytes=0-'));
const value = text(inValue, 60);
const headerName = fc.oneof(
  oneOf(
    "If-None-Match If-Match If-Modified-Since If-Range Range Accept Accept-Encoding Authorization Content-Type " +
      "Cookie Expect Forwarded Origin Upgrade X-Forwarded-Host X-HTTP-Method-Override",
  ),
  fc.stringMatching(/^X-[A-Za-z]{1,20}$/),
);
const headers = fc
  .array(fc.tuple(headerName, value), { maxLength: 5 })
  .map((pairs) => pairs.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
const method = fc.oneof(
  oneOf("GET HEAD POST OPTIONS TRACE CONNECT PUT DELETE PROPFIND M-SEARCH"),
  fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,30}$/),
);
const host = fc.oneof(
  fc.constantFrom(null, "", "a b", "a, b"),
  oneOf("localhost x a/b [::1 x:99999 user@x a?b a#b \\ %"),
  value,
);

describe.each(PROGRAMS)("whatever a request looks like, from %s", (program) => {
  const server = runServer(program);
  let id: string;
  beforeAll(async () => {
    id = await createSnippet(server, CONTENT);
  });

  /** Sends it, and holds the answer against what must never happen. Resolves to its status, 0 for none. */
  const send = async (line: string, hostValue: string | null, headerLines: string): Promise<number> => {
    const hostLine = hostValue === null ? "" : `Host: ${hostValue}\r\n`;
    const { head, body } = await exchange(
      server.data,
      `${line} HTTP/1.1\r\n${hostLine}${headerLines}Connection: close\r\n\r\n`,
    );
    // A method that the parser does not know ends the connection.
    if (head === "") return 0;
    expect(head).toMatch(/^HTTP\/1\.1 [1-4]\d\d /);
    expect(body.toString("latin1")).not.toContain("HTTP/1.1 ");
    const status = Number(head.split(" ")[1]);
    if (status === 200) expect(head).toContain("\r\nX-Content-Type-Options: nosniff");
    return status;
  };

  /** Holds a property for many requests; after them the server is as it was, and has logged no fault. */
  const survives = async <Ts extends [unknown, ...unknown[]]>(property: fc.IAsyncProperty<Ts>) => {
    await fc.assert(property, { numRuns: 1_000 });
    const health = await fetch(`${server.data}/healthz`);
    expect([health.status, await health.text()]).toEqual([200, "ok\n"]);
    expect(await (await fetch(`${server.data}/${id}?name=you`)).text()).toBe("Hello you");
    expect(server.stderr()).not.toContain(" error ");
  };

  test("any target without an id is answered, and never with 200", () =>
    survives(
      fc.asyncProperty(fc.constantFrom("/", "", "//", "/%", "http://x/"), target, async (start, rest) => {
        const status = await send(`GET ${start}${rest}`, "localhost", "");
        expect([400, 404, 405]).toContain(status);
      }),
    ));

  test("anything behind an id is answered", () =>
    survives(
      fc.asyncProperty(
        fc.constantFrom("", "/", "/a.css", "/a.css?name=", "?", "?name="),
        target,
        async (start, rest) => {
          const status = await send(`GET /${id}${start}${rest}`, "localhost", "");
          expect([200, 400, 404]).toContain(status);
        },
      ),
    ));

  test("any query of an id is answered with its text", () =>
    survives(
      fc.asyncProperty(target, async (query) => {
        const request = `GET /${id}?${query.replaceAll("#", "")} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
        const { head, body } = await exchange(server.data, request);
        expect(head).toStartWith("HTTP/1.1 200 ");
        expect(head).toContain(`Content-Length: ${body.length}`);
        expect(body.toString()).toStartWith("Hello ");
      }),
    ));

  test("any method is answered, or the connection ended", () =>
    survives(
      fc.asyncProperty(method, oneOf("id id/a.css abc healthz / *"), async (verb, path) => {
        const status = await send(`${verb} /${path.replace(/^id/, id)}`, "localhost", "");
        if (!["GET", "HEAD"].includes(verb)) expect([0, 400, 404, 405]).toContain(status);
      }),
    ));

  test("any header is answered", () =>
    survives(
      fc.asyncProperty(headers, fc.boolean(), async (lines, known) => {
        const status = await send(`GET /${known ? id : "abc"}`, "localhost", lines);
        expect(known ? [200, 304, 400, 417] : [400, 404, 417]).toContain(status);
      }),
    ));

  test("any Host is answered, and none", () =>
    survives(
      fc.asyncProperty(
        host,
        fc.constantFrom("", "http://x", "http://", "https://[::1"),
        async (value, origin) => {
          for (const path of [`/${id}?name=x`, `/${id}/a.css`, "/abc", "/healthz", "/"]) {
            const status = await send(`GET ${origin}${path}`, value, "");
            expect([200, 400, 404]).toContain(status);
            if (path === "/abc") expect(status).not.toBe(200);
          }
        },
      ),
    ));

  test.each([4_000, 8_000, 12_000, 15_900, 16_384, 17_000, 64_000, 1_000_000])(
    "a query of %p bytes is answered in full or refused as too long",
    async (length) => {
      const value = "x".repeat(length);
      for (const start of [`/${id}?name=`, `/${id}/`, "/"]) {
        const request = `GET ${start}${value} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`;
        const { head, body } = await exchange(server.data, request);
        // Refused while it is still being sent, a client may see no more than the connection's end.
        expect(head).toMatch(length > 16_000 ? /^(HTTP\/1\.1 (414|431) |$)/ : /^HTTP\/1\.1 (200|404) /);
        if (start.includes("?") && length < 16_000) expect(body.toString()).toBe(`Hello ${value}`);
      }
      expect((await fetch(`${server.data}/healthz`)).status).toBe(200);
    },
  );

  test("requests that are never finished keep nobody else waiting", async () => {
    const { hostname, port } = new URL(server.data);
    const starts = [
      "",
      "G",
      "GET /",
      `GET /${id}`,
      `GET /${id} HTTP/1.1\r\nHost: x\r\n`,
      `POST /${id} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n1`,
    ];
    const sockets = starts.map((start) => {
      const socket = connect(Number(port), hostname, () => socket.write(start));
      return socket.on("error", () => {});
    });
    try {
      expect(await (await fetch(`${server.data}/${id}?name=you`)).text()).toBe("Hello you");
      expect((await fetch(`${server.data}/healthz`)).status).toBe(200);
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  });
});
