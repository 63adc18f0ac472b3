import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { getAllPages, getPage, tamperedWith } from "./pages.ts";
import { expectProblem } from "./problem.ts";
import { runServer } from "./running.ts";

interface Row {
  id: string;
  title: string | null;
  updated_at: string;
  deleted_at?: string;
}

const idsOf = (rows: Row[]) => rows.map(({ id }) => id);

describe.each(PROGRAMS)("the list of snippets, from %s", (program) => {
  const server = runServer(program);

  const create = (count: number) =>
    Promise.all(Array.from({ length: count }, (_, i) => createSnippet(server, `text ${i}`)));
  const list = (query = "") => getAllPages<Row>(server, `/api/snippets?${query}`, 50);
  const change = async (method: string, path: string, body?: unknown) => {
    const { status } = await api(server, method, `/api/snippets/${path}`, body);
    expect(status).toBeLessThan(300);
  };
  /** Lets the clock go on, so that what follows is newer than what was before. */
  const nextMillisecond = async () => {
    const start = Date.now();
    while (Date.now() === start) await Bun.sleep(1);
  };

  test("a row tells what the list needs, and no content", async () => {
    const fields = { title: "t", description: "d", content_type: "text/html" };
    await nextMillisecond();
    const id = await createSnippet(server, "text", fields);
    const { rows } = await getPage<Row>(server, "/api/snippets", 1);
    const { body } = await api(server, "GET", `/api/snippets/${id}`);
    expect(rows).toEqual([
      { id, ...fields, owner_id: "local-dev", updated_at: body.history[0].changed_at } as Row,
    ]);
  });

  test("the newest-changed comes first, by the time of its newest ledger entry", async () => {
    const ids: string[] = [];
    for (const text of ["a", "b", "c", "d"]) {
      await nextMillisecond();
      ids.push(await createSnippet(server, text));
    }
    const [a, b, c, d] = ids as [string, string, string, string];
    const order = async () => idsOf((await getPage<Row>(server, "/api/snippets", 4)).rows);
    expect(await order()).toEqual([d, c, b, a]);

    await nextMillisecond();
    await change("PATCH", b, { content: "new" });
    expect(await order()).toEqual([b, d, c, a]);
    await nextMillisecond();
    const { body } = await api(server, "GET", `/api/snippets/${c}`);
    await change("POST", `${c}/restore`, { target_hash: body.history[0].target_hash });
    expect(await order()).toEqual([c, b, d, a]);

    // Metadata is no ledger entry.
    const before = await list();
    await change("PATCH", a, { title: "new" });
    expect(await order()).toEqual([c, b, d, a]);
    const after = await list();
    expect(after).toEqual(before.map((row) => (row.id === a ? { ...row, title: "new" } : row)));
    for (const { id, updated_at } of after.slice(0, 4)) {
      const { body } = await api(server, "GET", `/api/snippets/${id}`);
      expect(updated_at).toBe(body.history[0].changed_at);
    }
  });

  test("paging by any size gives every snippet once, also those that changed in the same millisecond", async () => {
    const ids = await create(23);
    const all = await list();
    expect(new Set(idsOf(all)).size).toBe(all.length);
    for (const id of ids) expect(idsOf(all)).toContain(id);
    const times = all.map((row) => row.updated_at);
    expect(times).toEqual(times.toSorted().reverse());
    for (const limit of [1, 2, 3, 7, 22, 23, 24, all.length - 1, all.length, all.length + 1]) {
      expect(await getAllPages<Row>(server, "/api/snippets", Math.min(limit, 50))).toEqual(all);
    }
  });

  test("asking for exactly the rows that are left ends the paging, and a cursor can be used again", async () => {
    for (let i = 0; i < 5; i++) await createSnippet(server, "text", { title: "one of five" });
    const five = "/api/snippets?q=one+of+five";
    const first = await getPage<Row>(server, five, 2);
    const rest = await getPage<Row>(server, five, 3, first.nextCursor);
    expect({ rows: rest.rows.length, nextCursor: rest.nextCursor }).toEqual({ rows: 3, nextCursor: null });
    expect(await getPage<Row>(server, five, 3, first.nextCursor)).toEqual(rest);
    const shorter = await getPage<Row>(server, five, 2, first.nextCursor);
    expect(shorter.rows).toEqual(rest.rows.slice(0, 2));
    expect(shorter.nextCursor).not.toBeNull();
    expect((await getPage<Row>(server, five, 5)).nextCursor).toBeNull();
  });

  test("snippets that are created, edited or removed between pages hide no other one", async () => {
    await create(12);
    const before = idsOf(await list());
    const touched = [before[1]!, before.at(-2)!];
    let step = 0;
    const seen = await getAllPages<Row>(server, "/api/snippets", 3, async () => {
      await createSnippet(server, "between pages");
      if (step === 0) await change("PATCH", touched[0]!, { content: "edited" });
      if (step === 1) await change("DELETE", touched[1]!);
      step++;
    });
    const untouched = before.filter((id) => !touched.includes(id));
    expect(idsOf(seen).filter((id) => untouched.includes(id))).toEqual(untouched);
  });

  test("what is off delivery stands in the other list until it is restored", async () => {
    const id = await createSnippet(server, "text");
    const [row] = (await list()).filter((each) => each.id === id);
    await change("DELETE", id);
    expect(idsOf(await list())).not.toContain(id);
    expect(idsOf(await list("deleted=false"))).not.toContain(id);
    expect(await list("deleted=true")).toContainEqual({ ...row!, deleted_at: expect.any(String) });

    const { body } = await api(server, "GET", `/api/snippets/${id}`);
    await change("POST", `${id}/restore`, { target_hash: body.history[0].target_hash });
    expect(idsOf(await list("deleted=true"))).not.toContain(id);
    const [back] = (await list()).filter((each) => each.id === id);
    expect(back).toEqual({ ...row!, updated_at: expect.any(String) });
  });

  test("the list of what is off delivery is paged too", async () => {
    for (const id of await create(7)) await change("DELETE", id);
    const all = await list("deleted=true");
    for (const limit of [1, 2, 7, all.length]) {
      expect(await getAllPages<Row>(server, "/api/snippets?deleted=true", limit)).toEqual(all);
    }
  });

  test("a cursor that was tampered with, cut or of another endpoint is refused", async () => {
    const [id] = await create(2);
    await change("PATCH", id!, { content: "second version" });
    const { nextCursor } = await getPage(server, "/api/snippets", 1);
    const history = await getPage(server, `/api/snippets/${id}/history`, 1);
    for (const cursor of ["", ".", "AAAA", history.nextCursor!, ...tamperedWith(nextCursor!)]) {
      expectProblem(await api(server, "GET", `/api/snippets?cursor=${encodeURIComponent(cursor)}`), 400);
    }
  });
});
