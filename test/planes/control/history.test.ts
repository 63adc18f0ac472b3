import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { getAllPages, getPage, tamperedWith } from "./pages.ts";
import { expectProblem } from "./problem.ts";
import { runServer } from "./running.ts";

interface Entry {
  target_hash: string;
  editor_id: string;
  changed_at: string;
  version_number: number;
  is_current: boolean;
}

/** `n, n-1, … 1`. */
const countdown = (n: number) => Array.from({ length: n }, (_, i) => n - i);
const numbersOf = (entries: Entry[]) => entries.map((entry) => entry.version_number);

describe.each(PROGRAMS)("the ledger, from %s", (program) => {
  const server = runServer(program);

  const publish = async (id: string, content: string) => {
    const { status } = await api(server, "PATCH", `/api/snippets/${id}`, { content });
    expect(status).toBe(200);
  };
  const snippetWith = async (versions: number, name = "text") => {
    const id = await createSnippet(server, `${name} 1`);
    for (let i = 2; i <= versions; i++) await publish(id, `${name} ${i}`);
    return id;
  };
  const get = async (id: string, limit = 50) =>
    (await api(server, "GET", `/api/snippets/${id}?limit=${limit}`)).body;
  const historyPath = (id: string) => `/api/snippets/${id}/history`;

  test("100 edits make 101 entries, of which exactly the newest is current", async () => {
    const id = await createSnippet(server, "text 0");
    for (let i = 1; i <= 100; i++) {
      await publish(id, `text ${i}`);
      const { history_count, history } = await get(id, 2);
      expect({ history_count, numbers: numbersOf(history) }).toEqual({
        history_count: i + 1,
        numbers: [i + 1, i],
      });
      expect(history.map((entry: Entry) => entry.is_current)).toEqual([true, false]);
    }
    const entries = await getAllPages<Entry>(server, historyPath(id), 50);
    expect(numbersOf(entries)).toEqual(countdown(101));
    expect(entries.filter((entry) => entry.is_current).map((entry) => entry.version_number)).toEqual([101]);
    expect(new Set(entries.map((entry) => entry.target_hash)).size).toBe(101);
    for (const { target_hash, version_number } of [entries[0]!, entries[50]!, entries[100]!]) {
      const { body } = await api(server, "GET", `/api/snippets/${id}/versions/${target_hash}`);
      expect(body).toEqual({ target_hash, content: `text ${version_number - 1}` });
    }
  });

  test("an edit and a restore append one entry each, also with the content that is there already", async () => {
    const id = await createSnippet(server, "same");
    await publish(id, "same");
    await publish(id, "same");
    const [{ target_hash }] = (await get(id)).history;
    for (let count = 4; count <= 5; count++) {
      await api(server, "POST", `/api/snippets/${id}/restore`, { target_hash });
      expect((await get(id)).history_count).toBe(count);
    }
    const { history } = await get(id);
    expect(numbersOf(history)).toEqual(countdown(5));
    expect(new Set(history.map((entry: Entry) => entry.target_hash))).toEqual(new Set([target_hash]));
    expect(history.map((entry: Entry) => entry.is_current)).toEqual([true, false, false, false, false]);
  });

  test("an edit of title, description and content type appends none", async () => {
    const id = await snippetWith(2);
    const before = await get(id);
    const fields = { title: "a", description: "b", content_type: "text/css" };
    await api(server, "PATCH", `/api/snippets/${id}`, fields);
    expect(await get(id)).toEqual({ ...before, ...fields });
  });

  test("edits at the same time append one entry each", async () => {
    const id = await createSnippet(server, "text 0");
    const texts = countdown(30).map((i) => `concurrent ${i}`);
    await Promise.all(texts.map((content) => publish(id, content)));
    const { history, history_count } = await get(id);
    expect({ history_count, numbers: numbersOf(history) }).toEqual({
      history_count: 31,
      numbers: countdown(31),
    });
    const contents = await Promise.all(
      history.map(async ({ target_hash }: Entry) => {
        const { body } = await api(server, "GET", `/api/snippets/${id}/versions/${target_hash}`);
        return body.content;
      }),
    );
    expect(contents.sort()).toEqual([...texts, "text 0"].sort());
  });

  test("paging by any size gives every entry once, and keeps its numbers while the ledger grows", async () => {
    const id = await snippetWith(6);
    let size = 6;
    for (const limit of [1, 2, 3, 4, 5, 6, 7, 8, 50]) {
      const start = size;
      const still = await getAllPages<Entry>(server, historyPath(id), limit);
      const grown = await getAllPages<Entry>(server, historyPath(id), limit, async () => {
        await publish(id, `text ${++size}`);
      });
      expect({ limit, numbers: numbersOf(still) }).toEqual({ limit, numbers: countdown(start) });
      expect(numbersOf(grown)).toEqual(countdown(start));
      expect(grown.map((entry) => entry.target_hash)).toEqual(still.map((entry) => entry.target_hash));
      expect(still.filter((entry) => entry.is_current)).toEqual(still.slice(0, 1));
      expect(grown.slice(limit).filter((entry) => entry.is_current)).toEqual([]);
    }
  });

  test("asking for exactly the entries that are left ends the paging", async () => {
    const id = await snippetWith(5);
    expect((await getPage(server, historyPath(id), 5)).nextCursor).toBeNull();
    const { history_next_cursor, history_limit, history } = await get(id, 2);
    expect({ history_limit, numbers: numbersOf(history) }).toEqual({ history_limit: 2, numbers: [5, 4] });
    const last = await getPage<Entry>(server, historyPath(id), 3, history_next_cursor);
    expect({ numbers: numbersOf(last.rows), nextCursor: last.nextCursor }).toEqual({
      numbers: [3, 2, 1],
      nextCursor: null,
    });
    expect((await get(id, 5)).history_next_cursor).toBeNull();
  });

  test("a cursor can be used again, also after the ledger has grown", async () => {
    const id = await snippetWith(6);
    const { nextCursor } = await getPage(server, historyPath(id), 2);
    const once = await getPage<Entry>(server, historyPath(id), 2, nextCursor);
    expect(numbersOf(once.rows)).toEqual([4, 3]);
    expect(await getPage<Entry>(server, historyPath(id), 2, nextCursor)).toEqual(once);
    await publish(id, "grown");
    const again = await getPage<Entry>(server, historyPath(id), 2, nextCursor);
    expect(again.rows).toEqual(once.rows);
  });

  test("a cursor of one snippet shows another's own entries only", async () => {
    const [a, b] = [await snippetWith(6, "a"), await snippetWith(4, "b")];
    const { nextCursor } = await getPage(server, historyPath(a), 2);
    const own = (await get(b)).history;
    const { rows } = await getPage<Entry>(server, historyPath(b), 50, nextCursor);
    expect(rows).not.toBeEmpty();
    for (const row of rows) expect(own).toContainEqual(row);
    const { history: all } = (await api(server, "GET", historyPath(b))).body;
    expect(all).toEqual(own);
  });

  test("a cursor that was tampered with, cut or of another endpoint is refused", async () => {
    const id = await snippetWith(3);
    await createSnippet(server, "so that the list has a second page");
    const { nextCursor } = await getPage(server, historyPath(id), 1);
    const list = await getPage(server, "/api/snippets", 1);
    const refused = ["", ".", "..", "AAAA", list.nextCursor!, ...tamperedWith(nextCursor!)];
    for (const cursor of refused) {
      expectProblem(await api(server, "GET", `${historyPath(id)}?cursor=${encodeURIComponent(cursor)}`), 400);
    }
  });
});
