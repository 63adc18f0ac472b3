import { describe, expect, test } from "bun:test";
import { api, createSnippet, exchange, PROGRAMS, startServer, temporaryFolder } from "../../server.ts";
import { runServer } from "../control/running.ts";

const STORED = "application/vnd.example; charset=utf-8";

describe.each(PROGRAMS)("addresses of deliveries, from %s", (program) => {
  const server = runServer(program);

  describe("the filename decides on the content type", () => {
    test.each([
      ["style.css", "text/css; charset=utf-8"],
      ["page.html", "text/html; charset=utf-8"],
      ["app.js", "text/javascript; charset=utf-8"],
      ["data.json", "application/json; charset=utf-8"],
      ["notes.txt", "text/plain; charset=utf-8"],
      ["image.svg", "image/svg+xml"],
      ["STYLE.CSS", "text/css; charset=utf-8"],
      ["page.HtMl", "text/html; charset=utf-8"],
      ["page.html.css", "text/css; charset=utf-8"],
      ["a.b..c.css", "text/css; charset=utf-8"],
      ["space%20and%20%C3%BC.css", "text/css; charset=utf-8"],
      ["page.html?file=x.css", "text/html; charset=utf-8"],
    ])("%s is %s", async (filename, type) => {
      const id = await createSnippet(server, "x", { content_type: STORED });
      const response = await fetch(`${server.data}/${id}/${filename}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(type);
      expect(await response.text()).toBe("x");
    });

    test.each([
      "",
      "?file=x.css",
      "/",
      "/?file=x.css",
      "/css",
      "/x.unknown-extension",
      "/x.zzzz",
      "/x.",
      "/x.css.",
      "/x.css.zzzz",
      "/x.constructor",
      "/x.toString",
      "/x.__proto__",
      "/.",
      "/x.zzzz?y=.css",
      "/x.zzzz?y=/a.css",
      "/x.c%0as",
    ])("the stored one stands for an address that ends in %p", async (suffix) => {
      const id = await createSnippet(server, "x", { content_type: STORED });
      const response = await fetch(`${server.data}/${id}${suffix}`);
      expect(response.status).toBe(200);
      expect(response.headers.get("content-type")).toBe(STORED);
      expect(await response.text()).toBe("x");
    });

    test("for a content id too, which is plain text without one, whatever its snippets say", async () => {
      const id = await createSnippet(server, `content with a type, ${program}`, {
        content_type: "text/html",
      });
      const { history } = (await api(server, "GET", `/api/snippets/${id}`)).body;
      const types = ["", "/", "/x.zzzz", "/x.css", "/X.HTML"].map(async (suffix) => {
        const response = await fetch(`${server.data}/${history[0].target_hash}${suffix}`);
        return response.headers.get("content-type");
      });
      const plain = "text/plain; charset=utf-8";
      expect(await Promise.all(types)).toEqual([
        plain,
        plain,
        plain,
        "text/css; charset=utf-8",
        "text/html; charset=utf-8",
      ]);
    });
  });

  test("one snippet is served under many names at once, each with its own type", async () => {
    const id = await createSnippet(server, "{{a}}", { content_type: STORED });
    const names = Array.from({ length: 30 }, (_, i) => `${i}.${["css", "html", "zzzz"][i % 3]}`);
    for (let round = 0; round < 2; round++) {
      const answers = names.map(async (name, i) => {
        const response = await fetch(`${server.data}/${id}/${name}?a=${i}`);
        return [response.headers.get("content-type"), await response.text()];
      });
      expect(await Promise.all(answers)).toEqual(
        names.map((_, i) => [
          ["text/css; charset=utf-8", "text/html; charset=utf-8", STORED][i % 3]!,
          `${i}`,
        ]),
      );
    }
  });

  test.each(["/a/b.css", "/a/", "//", "//a.css", "/a/b/c/d", "/a.css/?x=1", "/a/b?c"])(
    "nothing is at a deeper path: %p",
    async (suffix) => {
      const id = await createSnippet(server, "x");
      // Once before the snippet is in the cache and once after.
      for (let i = 0; i < 2; i++) {
        for (const method of ["GET", "HEAD"]) {
          const response = await fetch(`${server.data}/${id}${suffix}`, { method });
          expect(response.status).toBe(404);
          expect(await response.text()).toBe(method === "GET" ? "not found\n" : "");
        }
        expect((await fetch(`${server.data}/${id}`)).status).toBe(200);
      }
    },
  );

  test.each(["localhost", "get.example.org:3000", "[::1]:3000", "web", "db", "x", "", "x:1", "127.1"])(
    "answers do not depend on the name by which the server is called: Host %p",
    async (host) => {
      const id = await createSnippet(server, "Hello {{name}}");
      const statuses = [
        "GET /healthz",
        `GET /${id}?name=x`,
        `GET /${id}/a.css`,
        "GET /abc",
        "POST /abc",
        "GET /",
      ];
      const answers = statuses.map(async (line) => {
        const request = `${line} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`;
        return `${line} ${(await exchange(server.data, request)).head.split(" ")[1]}`;
      });
      const expected = [200, 200, 200, 404, 405, 404].map((status, i) => `${statuses[i]} ${status}`);
      expect(await Promise.all(answers)).toEqual(expected);
    },
  );

  test("takes a target with scheme and host (RFC 9112 section 3.2.2)", async () => {
    const id = await createSnippet(server, "Hello {{name}}");
    const { head, body } = await exchange(
      server.data,
      `GET http://get.example.org/${id}?name=x HTTP/1.1\r\nHost: get.example.org\r\nConnection: close\r\n\r\n`,
    );
    expect(head).toStartWith("HTTP/1.1 200 ");
    expect(body.toString()).toBe("Hello x");
  });
});

describe.each(PROGRAMS)("the first request to a server, from %s", (program) => {
  test.each(["/healthz", "/abc", "/", "/abc/page.html"])(
    "of %s decides nothing about the next",
    async (first) => {
      const folder = temporaryFolder();
      const server = await startServer(program, folder.path);
      try {
        await fetch(server.data + first);
        const answers: [string, string, number, string][] = [
          ["GET", "/healthz", 200, "ok\n"],
          ["GET", "/abc", 404, "not found\n"],
          ["POST", "/abc", 405, "method not allowed: use GET or HEAD\n"],
          ["GET", "/abc/page.html", 404, "not found\n"],
          ["GET", "/", 404, "not found\n"],
          ["GET", "/healthz", 200, "ok\n"],
        ];
        for (const [method, path, status, text] of answers) {
          const response = await fetch(server.data + path, { method });
          expect([path, response.status, await response.text()]).toEqual([path, status, text]);
        }
      } finally {
        await server.stop();
        folder.remove();
      }
    },
  );
});
