import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { api, PROGRAMS, type RunningServer, runCommand, startServer, temporaryFolder } from "../../server.ts";
import { archiveOf, type Seed } from "./archive.ts";
import { getAllPages, getPage } from "./pages.ts";
import { SECRET } from "./running.ts";

/** More than any one step of a search looks at, several times over. */
const SNIPPETS = 13_000;
/** Where matches stand in the list: at its ends, side by side, and with more than 5,000 others between. */
const MATCHES = [0, 1, 4_998, 4_999, 5_000, 5_001, 5_002, 11_345, 11_346, SNIPPETS - 1];
const DELETED_MATCHES = [3, 5_003, 12_000];

const titleOf = (i: number) =>
  MATCHES.includes(i) || DELETED_MATCHES.includes(i) ? `needle ${i}` : `hay ${i}`;

describe.each(PROGRAMS)("a search among very many snippets, from %s", (program) => {
  const folder = temporaryFolder();
  let server: RunningServer;
  let ids: string[];
  beforeAll(async () => {
    const seeds = Array.from({ length: SNIPPETS }, (_, i): Seed => {
      return { title: titleOf(i), deleted: DELETED_MATCHES.includes(i) };
    });
    const archive = await archiveOf(seeds);
    ids = archive.ids;
    const env = { ID_SIGNING_SECRET: SECRET, DATA_DIR: join(folder.path, "data") };
    const { code, stderr } = await runCommand(program, ["import"], {
      cwd: folder.path,
      env,
      stdin: archive.text,
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    server = await startServer(program, folder.path, { env });
  }, 60_000);
  afterAll(async () => {
    await server?.stop();
    folder.remove();
  });

  const idsAt = (positions: number[]) => positions.map((i) => ids[i]!);
  const search = async (query: string, limit: number) =>
    (await getAllPages<{ id: string }>(server, `/api/snippets?${query}`, limit)).map(({ id }) => id);

  test("finds every match once and in order, however they are paged", async () => {
    for (const limit of [1, 2, 3, 4, 5, 9, 10, 11, 50]) {
      expect({ limit, found: await search("q=needle", limit) }).toEqual({ limit, found: idsAt(MATCHES) });
    }
  });

  test("asking for exactly the matches that are left ends the paging", async () => {
    const all = await getPage(server, "/api/snippets?q=needle", MATCHES.length);
    expect(all.nextCursor).toBeNull();
    const first = await getPage(server, "/api/snippets?q=needle", 4);
    const rest = await getPage<{ id: string }>(server, "/api/snippets?q=needle", 6, first.nextCursor);
    expect(rest.rows.map(({ id }) => id)).toEqual(idsAt(MATCHES.slice(4)));
    expect(rest.nextCursor).toBeNull();
  });

  test("finds what is off delivery in the list of those only", async () => {
    for (const limit of [1, 2, 3, 50]) {
      expect(await search("q=needle&deleted=true", limit)).toEqual(idsAt(DELETED_MATCHES));
    }
    expect(await search("q=hay&deleted=true", 50)).toEqual([]);
  });

  test("finds the one among all by its id, and nothing where nothing is", async () => {
    for (const i of [0, 7, 9_111, SNIPPETS - 1]) {
      expect(await search(`q=${ids[i]}`, 2)).toEqual([ids[i]!]);
    }
    expect(await search("q=no+such+words", 50)).toEqual([]);
  });

  test("answers others while it goes through the list", async () => {
    const searches = Array.from({ length: 4 }, () => search("q=no+such+words", 50));
    const me = await api(server, "GET", "/api/me");
    expect(me.status).toBe(200);
    expect(await Promise.all(searches)).toEqual([[], [], [], []]);
  });
});
