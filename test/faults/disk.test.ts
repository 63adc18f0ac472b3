import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { api, createSnippet, PROGRAMS, type RunningServer, startServer, temporaryFolder } from "../server.ts";
import { countSnippets, faultsIn } from "./consistency.ts";
import { openVolume, VOLUMES, type Volume, withoutVolumes } from "./volume.ts";

setDefaultTimeout(60_000);

/** Snippets that were acknowledged, by id. */
type Stored = Map<string, string>;

const FULL = { error: "the disk is full: nothing can be stored until there is room" };

/**
 * Stores ever smaller texts until not even one of a byte finds room; resolves to the last refusal. Small ones
 * go with large ones, so that writes meet in one commit of which one finds no room.
 */
async function fill(server: RunningServer, stored: Stored) {
  let count = 0;
  const store = async (size: number) => {
    const content = `${count++} `.padEnd(size, "x");
    const answer = await api(server, "POST", "/api/snippets", { content });
    if (answer.status === 201) stored.set(answer.body.id, content);
    return answer;
  };
  for (let size = 300_000; ; size = Math.floor(size / 10)) {
    for (;;) {
      const answers = await Promise.all([1, size, 1, size / 2, 1].map((each) => store(Math.floor(each))));
      if (answers[1]!.status === 201) continue;
      if (size < 1 && answers.every(({ status }) => status !== 201)) return answers[1]!;
      if (size >= 1) break;
    }
  }
}

/** Everything that is stored is delivered, listed and read; nothing here comes from the cache. */
async function expectReadable(server: RunningServer, stored: Stored): Promise<void> {
  for (const [id, content] of stored) {
    const response = await fetch(`${server.data}/${id}`);
    expect(response.status).toBe(200);
    expect((await response.text()) === content).toBe(true);
  }
  const [id, content] = [...stored].at(-1)!;
  const { status, body } = await api(server, "GET", `/api/snippets/${id}`);
  expect(status).toBe(200);
  expect(body.history_count).toBe(1);
  const { target_hash } = body.history[0];
  expect((await api(server, "GET", `/api/snippets/${id}/versions/${target_hash}`)).body.content).toBe(
    content,
  );
  expect(await (await fetch(`${server.data}/${target_hash}`)).text()).toBe(content);
  expect((await api(server, "GET", "/api/snippets")).status).toBe(200);
  expect((await fetch(`${server.control}/healthz`)).status).toBe(200);
  expect((await fetch(`${server.data}/healthz`)).status).toBe(200);
}

describe.each(PROGRAMS)(`a full disk${withoutVolumes}, from %s`, (program) => {
  let volume: Volume;
  let server: RunningServer | undefined;
  const start = () =>
    startServer(program, volume.path, { wrap: volume.wrap, env: { CACHE_BYTE_BUDGET: "0" } });
  /** The database is sound and has these snippets, no more and no less. */
  const expectSound = (stored: Stored) => {
    const copy = volume.copy("data");
    const database = join(copy.path, "margay.db");
    expect(countSnippets(database)).toBe(stored.size);
    expect(faultsIn(database)).toEqual([]);
    copy.remove();
  };
  const ballast = () => join(volume.outside, "ballast");

  beforeEach(async () => {
    if (!VOLUMES) return;
    volume = await openVolume(12);
    writeFileSync(ballast(), new Uint8Array(4 * 2 ** 20));
    server = await start();
  });
  afterEach(async () => {
    await server?.stop("SIGKILL");
    await volume?.remove();
  });

  test.skipIf(!VOLUMES)(
    "refuses writes and goes on reading, and stores again when there is room",
    async () => {
      const running = server!;
      const stored: Stored = new Map();
      const refusal = await fill(running, stored);
      expect(refusal.status).toBe(503);
      expect(refusal.body).toEqual(FULL);
      expect(refusal.headers.get("content-type")).toStartWith("application/json");
      expect(stored.size).toBeGreaterThan(5);
      await expectReadable(running, stored);

      // Where nothing can be stored, nothing changes either.
      const [id] = [...stored.keys()];
      const edit = await api(running, "PATCH", `/api/snippets/${id}`, { content: "new ".repeat(30_000) });
      expect([edit.status, edit.body]).toEqual([503, FULL]);
      await expectReadable(running, stored);
      expectSound(stored);

      truncateSync(ballast(), 0);
      const later = await createSnippet(running, "there is room again");
      stored.set(later, "there is room again");
      await expectReadable(running, stored);
      expect(await running.stop()).toBe(0);

      server = await start();
      await expectReadable(server, stored);
      expectSound(stored);
    },
  );

  test.skipIf(!VOLUMES)("takes snippets off delivery or refuses to, and never does half of it", async () => {
    const running = server!;
    const stored: Stored = new Map();
    await fill(running, stored);
    const gone: string[] = [];
    for (const [id] of stored) {
      const { status, body } = await api(running, "DELETE", `/api/snippets/${id}`);
      expect([204, 503]).toContain(status);
      if (status === 503) expect(body).toEqual(FULL);
      else gone.push(id);
      expect((await fetch(`${running.data}/${id}`)).status).toBe(status === 204 ? 404 : 200);
    }
    expectSound(stored);

    truncateSync(ballast(), 0);
    for (const [id] of stored) expect((await api(running, "DELETE", `/api/snippets/${id}`)).status).toBe(204);
    const { body } = await api(running, "GET", `/api/snippets/${gone[0] ?? [...stored.keys()][0]}`);
    const { target_hash } = body.history[0];
    const restore = await api(running, "POST", `/api/snippets/${body.id}/restore`, { target_hash });
    expect(restore.status).toBe(200);
    expect(await (await fetch(`${running.data}/${body.id}`)).text()).toBe(stored.get(body.id)!);
    expectSound(stored);
  });

  test.skipIf(!VOLUMES)("does not keep a server from starting that was killed on it", async () => {
    const stored: Stored = new Map();
    await fill(server!, stored);
    await server!.stop("SIGKILL");
    server = await start();
    await expectReadable(server, stored);

    truncateSync(ballast(), 0);
    stored.set(await createSnippet(server, "there is room again"), "there is room again");
    await expectReadable(server, stored);
    expectSound(stored);
  });
});

// A limit of file sizes that is set from outside makes every write fail, as a disk does that is worn out.
const LIMITS = process.env.CI === "true" || Bun.which("prlimit") !== null;
const withoutLimits = LIMITS ? "" : ", left out: there is no prlimit here";

describe.each(PROGRAMS)(`a disk that fails${withoutLimits}, from %s`, (program) => {
  const setFileSizeLimit = (pid: number, bytes: string) => {
    const { success, stderr } = Bun.spawnSync([
      "prlimit",
      "--pid",
      String(pid),
      `--fsize=${bytes}:unlimited`,
    ]);
    if (!success) throw new Error(stderr.toString());
  };

  test.skipIf(!LIMITS)(
    "refuses writes and goes on reading, and stores again when it works again",
    async () => {
      const folder = temporaryFolder();
      const server = await startServer(program, folder.path, {
        env: { CACHE_BYTE_BUDGET: "0" },
        // The signal that goes with the limit would end the process.
        wrap: (command) => ["sh", "-c", 'trap "" XFSZ; exec "$@"', "sh", ...command],
      });
      try {
        const stored: Stored = new Map([[await createSnippet(server, "before"), "before"]]);
        const [id] = [...stored.keys()];
        setFileSizeLimit(server.pid, "1");
        for (const [method, path, body] of [
          ["POST", "/api/snippets", { content: "refused" }],
          ["PATCH", `/api/snippets/${id}`, { content: "refused" }],
          ["PATCH", `/api/snippets/${id}`, { title: "refused" }],
          ["DELETE", `/api/snippets/${id}`, undefined],
        ] as const) {
          const answer = await api(server, method, path, body);
          expect(answer.status).toBe(503);
          expect(answer.body.error).toMatch(/^the database cannot be /);
          await expectReadable(server, stored);
        }
        setFileSizeLimit(server.pid, "unlimited");
        stored.set(await createSnippet(server, "after"), "after");
        await expectReadable(server, stored);
        expect(await server.stop()).toBe(0);
        const database = join(folder.path, "data/margay.db");
        expect(countSnippets(database)).toBe(2);
        expect(faultsIn(database)).toEqual([]);
      } finally {
        await server.stop("SIGKILL");
        folder.remove();
      }
    },
  );
});
