import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { runServer } from "./running.ts";

describe.each(PROGRAMS)("the delivery after an acknowledged write, from %s", (program) => {
  const server = runServer(program);

  const deliver = async (id: string) => {
    const response = await fetch(`${server.data}/${id}`);
    return {
      status: response.status,
      text: await response.text(),
      type: response.headers.get("content-type"),
    };
  };
  const write = async (method: string, path: string, body: unknown, expected = 200) => {
    const answer = await api(server, method, `/api/snippets/${path}`, body);
    expect(answer.status).toBe(expected);
  };

  test.each(["constant text ", "text with {{a}} placeholder "])(
    "the very next GET shows every edit of a %s",
    async (text) => {
      const id = await createSnippet(server, `${text}0`);
      for (let i = 1; i <= 20; i++) {
        expect((await deliver(id)).text).toBe(`${text}${i - 1}`);
        await write("PATCH", id, { content: `${text}${i}` });
        expect((await deliver(id)).text).toBe(`${text}${i}`);
      }
    },
  );

  test("the very next GET shows every edit while others read all the time", async () => {
    const id = await createSnippet(server, "0");
    let done = false;
    const readers = Array.from({ length: 4 }, async () => {
      while (!done) expect((await deliver(id)).status).toBe(200);
    });
    try {
      for (let i = 1; i <= 50; i++) {
        await write("PATCH", id, { content: `${i}` });
        expect((await deliver(id)).text).toBe(`${i}`);
      }
    } finally {
      done = true;
      await Promise.all(readers);
    }
  });

  test("the very next GET shows a changed content type", async () => {
    const id = await createSnippet(server, "x", { content_type: "text/html" });
    expect((await deliver(id)).type).toBe("text/html");
    await write("PATCH", id, { content_type: "text/css" });
    expect((await deliver(id)).type).toBe("text/css");
  });

  test("the very next GET shows a restore and a removal", async () => {
    const id = await createSnippet(server, "first");
    const { body } = await api(server, "GET", `/api/snippets/${id}`);
    const [{ target_hash }] = body.history;
    await write("PATCH", id, { content: "second" });
    expect((await deliver(id)).text).toBe("second");
    await write("POST", `${id}/restore`, { target_hash });
    expect((await deliver(id)).text).toBe("first");
    for (let i = 0; i < 10; i++) {
      await write("DELETE", id, undefined, 204);
      expect([(await deliver(id)).status, (await deliver(target_hash)).status]).toEqual([404, 404]);
      await write("POST", `${id}/restore`, { target_hash });
      expect([(await deliver(id)).text, (await deliver(target_hash)).text]).toEqual(["first", "first"]);
    }
  });

  test("the very next GET finds a new snippet and a new version, though both were asked for before", async () => {
    const content = `published later ${program}`;
    const twin = await createSnippet(server, content);
    const { body } = await api(server, "GET", `/api/snippets/${twin}`);
    const version = body.history[0].target_hash;
    await write("DELETE", twin, undefined, 204);
    expect((await deliver(version)).status).toBe(404);
    const id = await createSnippet(server, content);
    expect([(await deliver(id)).text, (await deliver(version)).text]).toEqual([content, content]);
    // The twin has that version too, and stays off delivery.
    expect((await deliver(twin)).status).toBe(404);
  });
});
