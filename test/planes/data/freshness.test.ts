import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS, type RunningServer } from "../../server.ts";
import { runServer } from "../control/running.ts";

const PLAIN = "text/plain; charset=utf-8";
/** The default, no cache at all, and room for a few. */
const BUDGETS = ["33554432", "0", "20000"];

const write = async (server: RunningServer, method: string, path: string, body?: unknown) => {
  const answer = await api(server, method, `/api/snippets/${path}`, body);
  expect([200, 204]).toContain(answer.status);
};

describe.each(PROGRAMS.flatMap((program) => BUDGETS.map((budget) => [program, budget] as const)))(
  "deliveries after writes, from %s with CACHE_BYTE_BUDGET=%s",
  (program, budget) => {
    const server = runServer(program, { CACHE_BYTE_BUDGET: budget });

    /** What GET and HEAD say of an address: content type and text, or the status of what is not there. */
    const deliver = async (target: string) => {
      const [get, head] = await Promise.all([
        fetch(`${server.data}/${target}`),
        fetch(`${server.data}/${target}`, { method: "HEAD" }),
      ]);
      const text = await get.text();
      expect([head.status, head.headers.get("content-type")]).toEqual([
        get.status,
        get.headers.get("content-type"),
      ]);
      return get.status === 200 ? `${get.headers.get("content-type")}: ${text}` : `${get.status}`;
    };

    test("every kind of write is seen by the very next GET, under each address", async () => {
      for (let round = 0; round < 3; round++) {
        const id = await createSnippet(server, "one {{q}}");
        const { target_hash } = (await api(server, "GET", `/api/snippets/${id}`)).body.history[0];
        const steps: [string, string, unknown, string | null, string][] = [
          ["PATCH", id, { title: "a title" }, PLAIN, "one {{q}}"],
          ["PATCH", id, { content: "two {{q}}" }, PLAIN, "two {{q}}"],
          ["PATCH", id, { content: "three" }, PLAIN, "three"],
          ["PATCH", id, { content_type: "text/markdown" }, "text/markdown", "three"],
          ["PATCH", id, { content: "", content_type: "text/x" }, "text/x", ""],
          ["PATCH", id, { content: "four {{q}}" }, "text/x", "four {{q}}"],
          ["POST", `${id}/restore`, { target_hash }, "text/x", "one {{q}}"],
          ["DELETE", id, undefined, null, ""],
          ["POST", `${id}/restore`, { target_hash }, "text/x", "one {{q}}"],
          ["PATCH", id, { content: "five {{q}}" }, "text/x", "five {{q}}"],
        ];
        for (const [method, path, body, type, text] of steps) {
          await write(server, method, path, body);
          const filled = text.replace("{{q}}", "Q");
          const expected = [`${type}: ${text}`, `${type}: ${filled}`, `text/html; charset=utf-8: ${filled}`];
          // Each address twice: the second answer may come from the cache, and stands in the way of the next write.
          for (let i = 0; i < 2; i++) {
            const seen = await Promise.all([id, `${id}?q=Q`, `${id}/x.html?q=Q`].map(deliver));
            expect(seen).toEqual(type === null ? ["404", "404", "404"] : expected);
          }
        }
      }
    });

    test("a content id is served while some live snippet has it as a version", async () => {
      const content = `shared by two {{a}} ${program} ${budget}`;
      const [one, two] = [await createSnippet(server, content), await createSnippet(server, content)];
      const { target_hash } = (await api(server, "GET", `/api/snippets/${one}`)).body.history[0];
      const whole = `${PLAIN}: ${content}`;
      const versionsAndSnippets = async () => [
        await deliver(target_hash),
        await deliver(one),
        await deliver(two),
      ];

      expect(await versionsAndSnippets()).toEqual([whole, whole, whole]);
      await write(server, "PATCH", one, { content: "" });
      expect(await versionsAndSnippets()).toEqual([whole, `${PLAIN}: `, whole]);
      await write(server, "DELETE", two);
      expect(await versionsAndSnippets()).toEqual([whole, `${PLAIN}: `, "404"]);
      await write(server, "DELETE", one);
      expect(await versionsAndSnippets()).toEqual(["404", "404", "404"]);
      await write(server, "POST", `${two}/restore`, { target_hash });
      expect(await versionsAndSnippets()).toEqual([whole, "404", whole]);
    });

    test("no GET after an acknowledged PATCH shows an earlier version, while others read all the time", async () => {
      const id = await createSnippet(server, "0 {{q}}");
      let acknowledged = 0;
      const read = async (suffix: string) => {
        const atLeast = acknowledged;
        const response = await fetch(`${server.data}/${id}${suffix}`);
        const text = await response.text();
        expect(response.status).toBe(200);
        expect(Number.parseInt(text, 10)).toBeGreaterThanOrEqual(atLeast);
        expect(text.split(" ")[1]).toBe(suffix === "" ? "{{q}}" : suffix.slice(3));
        return Number.parseInt(text, 10);
      };
      let writing = true;
      const readers = ["", "?q=same", "?q="].map(async (suffix, reader) => {
        let reads = 0;
        for (; writing; reads++) await read(reader === 2 ? suffix + reads : suffix);
        return reads;
      });
      try {
        for (let version = 1; version <= 200; version++) {
          await write(server, "PATCH", id, { content: `${version} {{q}}` });
          acknowledged = version;
          // Nobody else writes, so it is this version.
          expect(await read(version % 2 ? "" : "?q=same")).toBe(version);
        }
      } finally {
        writing = false;
        for (const reads of await Promise.all(readers)) expect(reads).toBeGreaterThan(0);
      }
    });
  },
);
