import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { api, createSnippet, PROGRAMS, type RunningServer, startServer } from "../server.ts";
import { openVolume, VOLUMES, type Volume, withoutVolumes } from "./volume.ts";

setDefaultTimeout(60_000);

const READ_ONLY = { error: "the database is read-only: nothing can be stored" };

/*
 * A file system does not become read-only while files on it are open for writing, unless it is damaged: the
 * kernel refuses. So these servers find it read-only when they start.
 */
describe.each(PROGRAMS)(`a read-only data folder${withoutVolumes}, from %s`, (program) => {
  let volume: Volume;
  let server: RunningServer | undefined;
  const start = () =>
    startServer(program, volume.path, { wrap: volume.wrap, env: { CACHE_BYTE_BUDGET: "0" } });

  beforeEach(async () => {
    if (VOLUMES) volume = await openVolume(16);
  });
  afterEach(async () => {
    await server?.stop("SIGKILL");
    await volume?.remove();
  });

  /** Ends a server in one of the ways that leave a folder to be read. */
  const END: Record<string, (running: RunningServer) => Promise<void>> = {
    async "after a kill"(running) {
      await running.stop("SIGKILL");
      expect(filesOf(volume)).toContain("margay.db-wal");
    },
    async "after a stop"(running) {
      expect(await running.stop()).toBe(0);
    },
    async "as a copy of the database file alone"(running) {
      await running.stop();
      // The last one who lets go of a database takes its log into it.
      const file = JSON.stringify(join(volume.path, "data/margay.db"));
      const script = `const db = new (require("bun:sqlite").Database)(${file}); db.run("PRAGMA wal_checkpoint(TRUNCATE)"); db.close();`;
      expect(Bun.spawnSync(volume.wrap([process.execPath, "-e", script])).stderr.toString()).toBe("");
      expect(filesOf(volume)).not.toContain("margay.db-wal");
      expect(filesOf(volume)).not.toContain("margay.db-shm");
    },
  };

  test.skipIf(!VOLUMES).each(Object.keys(END))("%s is served, refuses writes, and says so", async (name) => {
    const first = await start();
    server = first;
    const live = await createSnippet(first, "live");
    const removed = await createSnippet(first, "removed");
    await api(first, "DELETE", `/api/snippets/${removed}`);
    await END[name]!(first);
    volume.remount("ro");

    const running = await start();
    server = running;
    const before = filesOf(volume);

    const expectReadable = async () => {
      expect(await (await fetch(`${running.data}/${live}`)).text()).toBe("live");
      expect((await fetch(`${running.data}/${removed}`)).status).toBe(404);
      const { status, body } = await api(running, "GET", `/api/snippets/${live}`);
      expect([status, body.history_count]).toEqual([200, 1]);
      const { target_hash } = body.history[0];
      expect(await (await fetch(`${running.data}/${target_hash}`)).text()).toBe("live");
      expect((await api(running, "GET", "/api/snippets")).body.snippets).toHaveLength(1);
      expect((await fetch(`${running.control}/healthz`)).status).toBe(200);
      expect((await fetch(`${running.data}/healthz`)).status).toBe(200);
      return target_hash as string;
    };
    const target_hash = await expectReadable();
    for (const [method, path, body] of [
      ["POST", "", { content: "refused" }],
      ["PATCH", `/${live}`, { content: "refused" }],
      ["PATCH", `/${live}`, { title: "refused" }],
      ["DELETE", `/${live}`, undefined],
      ["POST", `/${live}/restore`, { target_hash }],
    ] as const) {
      const answer = await api(running, method, `/api/snippets${path}`, body);
      expect([method, answer.status, answer.body]).toEqual([method, 503, READ_ONLY]);
    }
    await expectReadable();
    expect(filesOf(volume)).toEqual(before);
    expect(await running.stop()).toBe(0);
    expect(running.stderr()).toMatch(/ warn .*margay\.db.* read/);
  });

  test.skipIf(!VOLUMES)("that becomes writable is written to from the next start on", async () => {
    const first = await start();
    server = first;
    const id = await createSnippet(first, "before");
    await first.stop("SIGKILL");
    volume.remount("ro");

    const running = await start();
    server = running;
    expect((await api(running, "PATCH", `/api/snippets/${id}`, { content: "refused" })).status).toBe(503);
    volume.remount("rw");
    expect(await (await fetch(`${running.data}/${id}`)).text()).toBe("before");
    expect(await running.stop()).toBe(0);

    server = await start();
    const answer = await api(server, "PATCH", `/api/snippets/${id}`, { content: "after" });
    expect([answer.status, answer.body.error]).toEqual([200, undefined]);
    expect(await (await fetch(`${server.data}/${id}`)).text()).toBe("after");
    expect((await api(server, "GET", `/api/snippets/${id}`)).body.history_count).toBe(2);
  });
});

const filesOf = (volume: Volume) => readdirSync(join(volume.outside, "data")).sort();
