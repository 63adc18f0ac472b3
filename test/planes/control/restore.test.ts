import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { getAllPages } from "./pages.ts";
import { expectProblem } from "./problem.ts";
import { runServer } from "./running.ts";

const RFC_3339_UTC = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/;

describe.each(PROGRAMS)("restore and removal, from %s", (program) => {
  const server = runServer(program);

  const call = (method: string, path: string, body?: unknown) =>
    api(server, method, `/api/snippets/${path}`, body);
  const read = async (id: string) => (await call("GET", `${id}?limit=50`)).body;
  const remove = async (id: string) => {
    const { status, body } = await call("DELETE", id);
    expect({ status, body }).toEqual({ status: 204, body: null });
  };
  const delivered = async (id: string) => {
    const response = await fetch(`${server.data}/${id}`);
    return response.status === 200 ? await response.text() : response.status;
  };
  /** A snippet with these versions, and the hashes of each. */
  const publish = async (...texts: string[]) => {
    const id = await createSnippet(server, texts[0]!);
    for (const content of texts.slice(1)) expect((await call("PATCH", id, { content })).status).toBe(200);
    const { history } = await read(id);
    const hashes: string[] = history.map((entry: { target_hash: string }) => entry.target_hash).reverse();
    return { id, hashes };
  };

  test("a restore publishes an earlier version as a new ledger entry", async () => {
    const { id, hashes } = await publish("one", "two", "three");
    const fields = { title: "t", description: "d", content_type: "text/css" };
    await call("PATCH", id, fields);
    const { status, body } = await call("POST", `${id}/restore`, { target_hash: hashes[0] });
    expect(status).toBe(200);
    expect(body).toEqual({ id, owner_id: "local-dev", ...fields });
    expect(await delivered(id)).toBe("one");

    const { history_count, history } = await read(id);
    expect(history_count).toBe(4);
    expect(history.map((entry: { target_hash: string }) => entry.target_hash)).toEqual([
      hashes[0]!,
      hashes[2]!,
      hashes[1]!,
      hashes[0]!,
    ]);
    expect(history.map((entry: { is_current: boolean }) => entry.is_current)).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  test("a removed snippet and all its versions are off delivery, as if they had never been", async () => {
    const { id, hashes } = await publish("removed one", "removed two");
    await remove(id);
    const never = await fetch(`${server.data}/${"A".repeat(64)}`);
    for (const gone of [id, ...hashes]) {
      const response = await fetch(`${server.data}/${gone}`);
      expect(response.status).toBe(404);
      expect(await response.text()).toBe(await never.clone().text());
    }
  });

  test("a version stays on delivery as long as a live snippet has it, current or not", async () => {
    const first = await publish("shared text", "own text");
    const second = await publish("shared text", "another own text");
    const [shared] = first.hashes as [string];
    expect(second.hashes[0]).toBe(shared);
    await remove(first.id);
    expect(await delivered(shared)).toBe("shared text");
    expect(await delivered(first.hashes[1]!)).toBe(404);
    await remove(second.id);
    expect(await delivered(shared)).toBe(404);

    // Coming back with another version brings the shared one back too.
    await call("POST", `${second.id}/restore`, { target_hash: second.hashes[1] });
    expect(await delivered(shared)).toBe("shared text");
    expect(await delivered(second.id)).toBe("another own text");
    expect(await delivered(first.id)).toBe(404);
    expect(await delivered(first.hashes[1]!)).toBe(404);
  });

  test("a removed snippet stays readable with its whole ledger, and tells since when it is off delivery", async () => {
    const { id, hashes } = await publish("kept one", "kept two", "kept three");
    const before = await read(id);
    await remove(id);
    const after = await read(id);
    expect(after).toEqual({ ...before, deleted_at: expect.stringMatching(RFC_3339_UTC) });
    expect(await getAllPages(server, `/api/snippets/${id}/history`, 2)).toEqual(before.history);
    for (const [i, content] of ["kept one", "kept two", "kept three"].entries()) {
      const { status, body } = await call("GET", `${id}/versions/${hashes[i]}`);
      expect({ status, body }).toEqual({ status: 200, body: { target_hash: hashes[i], content } });
    }
  });

  test.each([
    { what: "a content", fields: { content: "new" } },
    { what: "a title", fields: { title: "new" } },
    {
      what: "everything",
      fields: { content: "new", title: "n", description: "n", content_type: "text/css" },
    },
  ])("a removed snippet cannot be edited: $what", async ({ fields }) => {
    const { id } = await publish("text");
    await remove(id);
    const before = await read(id);
    expectProblem(await call("PATCH", id, fields), 409);
    expect(await read(id)).toEqual(before);
    expect(await delivered(id)).toBe(404);
  });

  test("a restore brings a removed snippet and its versions back", async () => {
    const { id, hashes } = await publish("back one", "back two");
    await remove(id);
    const { status, body } = await call("POST", `${id}/restore`, { target_hash: hashes[0] });
    expect(status).toBe(200);
    expect(body).not.toContainKey("deleted_at");
    expect(await read(id)).not.toContainKey("deleted_at");
    expect((await read(id)).history_count).toBe(3);
    expect(await Promise.all([id, ...hashes].map(delivered))).toEqual(["back one", "back one", "back two"]);
    expect((await call("PATCH", id, { content: "back three" })).status).toBe(200);
    expect(await delivered(id)).toBe("back three");
  });

  test("removing twice is as good as once", async () => {
    const { id } = await publish("text");
    await remove(id);
    const once = await read(id);
    await remove(id);
    expect(await read(id)).toEqual(once);
    const { body } = await api(server, "GET", "/api/snippets?deleted=true&limit=50");
    expect(body.snippets.filter((row: { id: string }) => row.id === id)).toHaveLength(1);
  });

  test("a refused restore leaves a removed snippet off delivery", async () => {
    const { id } = await publish("refused text");
    const { hashes } = await publish("of another snippet");
    await remove(id);
    const before = await read(id);
    expectProblem(await call("POST", `${id}/restore`, { target_hash: hashes[0] }), 400);
    expect(await read(id)).toEqual(before);
    expect(await delivered(id)).toBe(404);
  });

  test("many removals and restores at the same time leave a snippet in one state", async () => {
    const { id, hashes } = await publish("busy text");
    const restores = Array.from({ length: 10 }, () =>
      call("POST", `${id}/restore`, { target_hash: hashes[0] }),
    );
    const removals = Array.from({ length: 10 }, () => call("DELETE", id));
    const statuses = (await Promise.all([...restores, ...removals])).map(({ status }) => status);
    expect(statuses).toEqual([...Array(10).fill(200), ...Array(10).fill(204)]);
    const { deleted_at, history_count } = await read(id);
    expect(history_count).toBe(11);
    const expected = deleted_at === undefined ? "busy text" : 404;
    expect([await delivered(id), await delivered(hashes[0]!)]).toEqual([expected, expected]);
  });
});
