import { describe, expect, test } from "bun:test";
import { api, createSnippet, exchange, PROGRAMS } from "../../server.ts";
import { runServer } from "../control/running.ts";

const others = (count: number) => Array.from({ length: count }, (_, i) => `"other-${i}"`).join(", ");

/** Values of If-None-Match that name the tag, by RFC 9110 sections 13.1.2 and 8.8.3. */
const MATCHING: [string, (etag: string) => string][] = [
  ["the tag", (etag) => etag],
  ["the tag, weak", (etag) => `W/${etag}`],
  ["anything", () => "*"],
  ["anything, with space around", () => " \t* "],
  ["the tag with space around", (etag) => `  ${etag}\t`],
  ["a list that ends with it", (etag) => `"a", "b", ${etag}`],
  ["a list that begins with it", (etag) => `${etag}, "a"`],
  ["a list without spaces", (etag) => `"a",${etag},"b"`],
  ["a list of weak tags", (etag) => `W/"a", W/${etag}`],
  ["a list after a tag with commas in it", (etag) => `"a,b,", ${etag}`],
  ["a list after an empty tag", (etag) => `"", ${etag}`],
  ["a list with empty elements", (etag) => `, ,${etag},`],
  ["a list after a tag with bytes beyond ASCII", (etag) => `"\xe9\xff", ${etag}`],
  ["a long list", (etag) => `${others(300)}, ${etag}`],
  ["two lines", (etag) => `"a"\r\nIf-None-Match: ${etag}`],
];

/** Values that do not: other tags, and what is no list of tags. */
const NOT_MATCHING: [string, (etag: string) => string][] = [
  ["another tag", () => '"a"'],
  ["an empty tag", () => '""'],
  ["a weak other tag", () => 'W/"a"'],
  ["a long list of others", () => others(300)],
  ["a star in quotes", () => '"*"'],
  ["two stars", () => "**"],
  ["the tag without quotes", (etag) => etag.slice(1, -1)],
  ["the tag without its first quote", (etag) => etag.slice(1)],
  ["the tag without its last quote", (etag) => etag.slice(0, -1)],
  ["the tag in single quotes", (etag) => etag.replaceAll('"', "'")],
  ["the tag with a character more", (etag) => `${etag.slice(0, -1)}A"`],
  ["the tag with a character less", (etag) => `${etag.slice(0, -2)}"`],
  ["the tag in capitals", (etag) => etag.toUpperCase()],
  ["the tag within another", (etag) => `"a${etag.slice(1, -1)}b"`],
  ["the tag after a comma within another", (etag) => `"a,${etag.slice(1, -1)},b"`],
  ["nothing", () => ""],
  ["quotes alone", () => '"'],
  ["commas", () => ",,,"],
];

describe.each(PROGRAMS)("If-None-Match, from %s", (program) => {
  const server = runServer(program);

  const ask = async (method: string, target: string, value: string) => {
    const request = `${method} /${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nIf-None-Match: ${value}\r\n\r\n`;
    const { head, body } = await exchange(server.data, request);
    return {
      status: Number(head.split(" ")[1]),
      etag: /^etag: (.*)$/im.exec(head)?.[1],
      text: body.toString(),
    };
  };
  const etagOf = async (target: string) => (await fetch(`${server.data}/${target}`)).headers.get("etag")!;
  /** A live snippet's address and a content's. */
  const targets = async () => {
    const id = await createSnippet(server, "Hello {{name}}");
    const { history } = (await api(server, "GET", `/api/snippets/${id}`)).body;
    return [`${id}?name=x`, `${id}/a.css?name=x`, `${history[0].target_hash}?name=x`];
  };

  test.each(MATCHING)("that names %s is answered 304, without a body", async (_, noneMatch) => {
    for (const target of await targets()) {
      const etag = await etagOf(target);
      for (const method of ["GET", "HEAD"]) {
        expect(await ask(method, target, noneMatch(etag))).toEqual({ status: 304, etag, text: "" });
      }
    }
  });

  test.each(NOT_MATCHING)("that names %s is answered in full", async (_, noneMatch) => {
    for (const target of await targets()) {
      const etag = await etagOf(target);
      // A tag has letters of both cases by all likelihood, but for one in 2^40.
      expect(await ask("GET", target, noneMatch(etag))).toEqual({ status: 200, etag, text: "Hello x" });
      expect(await ask("HEAD", target, noneMatch(etag))).toEqual({ status: 200, etag, text: "" });
    }
  });

  test("a condition is tested before anything was cached, too", async () => {
    const content = `never asked before, ${program}`;
    const id = await createSnippet(server, content);
    expect((await ask("GET", id, "*")).status).toBe(304);
    expect((await ask("GET", `${id}?a=b`, '"a"')).text).toBe(content);
  });

  test("a tag is no longer ours after a new version, and is again after its restoration", async () => {
    const id = await createSnippet(server, "one {{a}}");
    const before = await etagOf(`${id}?a=1`);
    const { history } = (await api(server, "GET", `/api/snippets/${id}`)).body;
    await api(server, "PATCH", `/api/snippets/${id}`, { content: "two {{a}}" });
    const answer = await ask("GET", `${id}?a=1`, before);
    expect([answer.status, answer.text]).toEqual([200, "two 1"]);
    expect(answer.etag).not.toBe(before);
    await api(server, "POST", `/api/snippets/${id}/restore`, { target_hash: history[0].target_hash });
    expect((await ask("GET", `${id}?a=1`, before)).status).toBe(304);
    expect((await ask("GET", `${id}?a=1`, answer.etag!)).status).toBe(200);
  });

  test("a live snippet's tag is that of one query, spelt the same way", async () => {
    const id = await createSnippet(server, "one {{a}}");
    const etag = await etagOf(`${id}?a=1`);
    for (const query of ["", "?a=2", "?a=%31", "?a=1&", "?A=1"]) {
      expect((await ask("GET", id + query, etag)).status).toBe(200);
    }
    expect((await ask("GET", `${id}?a=1`, etag)).status).toBe(304);
  });
});
