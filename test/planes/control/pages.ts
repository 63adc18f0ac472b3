import { expect } from "bun:test";
import { api, type RunningServer } from "../../server.ts";

/** A page of a list or of a ledger, whose rows are of this shape. */
export interface Page<Row> {
  rows: Row[];
  nextCursor: string | null;
  limit: number;
}

/** One page; `path` is that of the endpoint, with what of the query stays the same for all pages. */
export async function getPage<Row>(
  server: RunningServer,
  path: string,
  limit: number,
  cursor?: string | null,
): Promise<Page<Row>> {
  const url = new URL(path, server.control);
  url.searchParams.set("limit", String(limit));
  if (cursor) url.searchParams.set("cursor", cursor);
  const { status, body } = await api(server, "GET", url.pathname + url.search);
  expect({ status, error: body.error }).toEqual({ status: 200, error: undefined });
  expect(body.limit).toBe(limit);
  const rows: Row[] = body.history ?? body.snippets;
  expect(rows.length).toBeLessThanOrEqual(limit);
  return { rows, nextCursor: body.next_cursor, limit };
}

/** All rows, page by page; `between` runs before each page but the first. */
export async function getAllPages<Row>(
  server: RunningServer,
  path: string,
  limit: number,
  between: () => Promise<unknown> = async () => {},
): Promise<Row[]> {
  const all: Row[] = [];
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page: Page<Row> = await getPage<Row>(server, path, limit, cursor);
    // A page that is followed by another one is full, and only an empty list has an empty page.
    if (page.nextCursor !== null) expect(page.rows).toHaveLength(limit);
    else if (all.length > 0) expect(page.rows).not.toBeEmpty();
    all.push(...page.rows);
    cursor = page.nextCursor;
    if (cursor !== null) await between();
  }
  return all;
}

/** Spellings that differ from a cursor in little: none of them was ever issued. */
export function* tamperedWith(cursor: string): Generator<string> {
  for (let i = 0; i < cursor.length; i++) {
    const other = cursor[i] === "A" ? "B" : "A";
    yield cursor.slice(0, i) + other + cursor.slice(i + 1);
    yield cursor.slice(0, i);
    yield cursor.slice(0, i) + cursor.slice(i + 1);
  }
  yield* [
    `${cursor}A`,
    `${cursor}=`,
    `${cursor}.`,
    ` ${cursor}`,
    `${cursor} `,
    cursor + cursor,
    cursor.toLowerCase(),
  ];
}
