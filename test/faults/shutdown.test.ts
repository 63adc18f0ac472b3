import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  api,
  createSnippet,
  PROGRAMS,
  type Program,
  type RunningServer,
  startServer,
  temporaryFolder,
  until,
} from "../server.ts";
import { type Connection, openConnection, requestText } from "./connection.ts";
import { faultsIn } from "./consistency.ts";
import { MIB, SCENARIOS } from "./under-way.ts";

setDefaultTimeout(60_000);

const start = (program: Program, folder: string, seconds: number) =>
  startServer(program, folder, {
    env: { SHUTDOWN_SECONDS: String(seconds), MAX_CONTENT_BYTES: String(16 * MIB) },
  });

/** Waits until both planes have looked at all that was sent before. */
async function settled({ control, data }: RunningServer): Promise<void> {
  for (const address of [control, data, control, data]) await fetch(`${address}/healthz`);
}

/** Asks a server to stop, and waits until it takes no connection any more. */
async function askToStop(server: RunningServer, signal: NodeJS.Signals): Promise<void> {
  process.kill(server.pid, signal);
  const refused = (address: string) =>
    openConnection(address).then(
      (connection) => connection.close(),
      () => true,
    );
  await until(async () => (await refused(server.control)) === true && (await refused(server.data)) === true);
}

/** An upload that begins and never ends. */
async function hang(server: RunningServer): Promise<Connection> {
  const connection = await openConnection(server.control);
  connection.send(requestText("POST", "/api/snippets", { content: "x".repeat(1_000) }).slice(0, 500));
  await settled(server);
  return connection;
}

describe.each(PROGRAMS)("a server that is asked to stop, from %s", (program) => {
  const cases = Object.keys(SCENARIOS).flatMap((name) => [
    ["SIGTERM", name] as const,
    ["SIGINT", name] as const,
  ]);
  test.each(cases)("on %s takes nothing new and finishes %s", async (signal, name) => {
    const folder = temporaryFolder();
    const server = await start(program, folder.path, 20);
    try {
      const underWay = await SCENARIOS[name]!(server);
      await settled(server);
      await askToStop(server, signal);
      await underWay.finish();
      expect(await server.exited).toBe(0);
      expect(server.stderr()).not.toContain("were cut");
      expect(server.stderr()).not.toContain(" error ");

      expect(faultsIn(join(folder.path, "data/margay.db"))).toEqual([]);
      if (!underWay.verify) return;
      const restarted = await start(program, folder.path, 20);
      await underWay.verify(restarted).finally(() => restarted.stop());
    } finally {
      await server.stop("SIGKILL");
      folder.remove();
    }
  });

  test("cuts what never ends when the time is over, and still exits with 0", async () => {
    const folder = temporaryFolder();
    const server = await start(program, folder.path, 1);
    try {
      const id = await createSnippet(server, "x".repeat(15 * MIB));
      const reader = await openConnection(server.data);
      reader.pause();
      reader.send(requestText("GET", `/${id}`));
      const upload = await hang(server);
      const asked = Date.now();
      process.kill(server.pid, "SIGTERM");
      expect(await server.exited).toBe(0);
      // The default, ten seconds, would show.
      expect(Date.now() - asked).toBeWithin(900, 8_000);
      expect(server.stderr()).toContain("still under way after 1 s and were cut");
      await expect(upload.answer()).rejects.toThrow("the connection ended");
      reader.close();

      const restarted = await start(program, folder.path, 1);
      const { snippets } = (await api(restarted, "GET", "/api/snippets")).body;
      await restarted.stop();
      expect(snippets.map((snippet: { id: string }) => snippet.id)).toEqual([id]);
    } finally {
      await server.stop("SIGKILL");
      folder.remove();
    }
  });

  test("does not wait longer than that for a database that another process keeps locked", async () => {
    const folder = temporaryFolder();
    const server = await start(program, folder.path, 1);
    const id = await createSnippet(server, "before");
    const other = new Database(join(folder.path, "data/margay.db"));
    try {
      other.run("BEGIN IMMEDIATE");
      const connection = await openConnection(server.control);
      connection.send(requestText("PATCH", `/api/snippets/${id}`, { content: "after" }));
      await settled(server);
      const asked = Date.now();
      expect(await server.stop()).toBe(0);
      expect(Date.now() - asked).toBeLessThan(4_000);
      connection.close();
    } finally {
      other.close();
      await server.stop("SIGKILL");
      folder.remove();
    }
  });

  test.each([
    ["SIGTERM", 143],
    ["SIGINT", 130],
  ] as const)("ends at once on a second %s", async (signal, code) => {
    const folder = temporaryFolder();
    const server = await start(program, folder.path, 3_600);
    try {
      await hang(server);
      await askToStop(server, signal);
      process.kill(server.pid, signal);
      expect(await server.exited).toBe(code);
    } finally {
      await server.stop("SIGKILL");
      folder.remove();
    }
  });

  test("leaves all of the database in its one file: a log beside it is empty", async () => {
    const folder = temporaryFolder();
    const server = await start(program, folder.path, 20);
    try {
      const id = await createSnippet(server, "stored");
      expect(await (await fetch(`${server.data}/${id}`)).text()).toBe("stored");
      expect(await server.stop()).toBe(0);
      const log = join(folder.path, "data/margay.db-wal");
      expect(existsSync(log) ? statSync(log).size : 0).toBe(0);
    } finally {
      await server.stop("SIGKILL");
      folder.remove();
    }
  });
});
