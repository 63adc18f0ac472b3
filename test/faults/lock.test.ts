import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import {
  api,
  createSnippet,
  PROGRAMS,
  type Program,
  type RunningServer,
  runCommand,
  StartError,
  startServer,
  temporaryFolder,
} from "../server.ts";
import { faultsIn } from "./consistency.ts";

setDefaultTimeout(60_000);

/** Runs `body` with a new folder and removes it; servers that `body` has started must be ended by it. */
async function inFolder(body: (folder: string) => Promise<void>): Promise<void> {
  const folder = temporaryFolder();
  try {
    await body(folder.path);
  } finally {
    folder.remove();
  }
}

/** Runs `body` beside a server. */
async function besideServer(
  program: Program,
  env: Record<string, string>,
  body: (server: RunningServer, database: string) => Promise<void>,
): Promise<void> {
  await inFolder(async (folder) => {
    const server = await startServer(program, folder, { env });
    try {
      await body(server, join(folder, "data/margay.db"));
    } finally {
      await server.stop("SIGKILL");
    }
  });
}

const failure = (starting: Promise<RunningServer>): Promise<StartError> =>
  starting.then(
    async (server) => {
      await server.stop("SIGKILL");
      throw new Error("the server started");
    },
    (error) => {
      if (error instanceof StartError) return error;
      throw error;
    },
  );

const admin = (program: Program, folder: string, ...args: string[]) =>
  runCommand(program, ["admin", ...args], { cwd: folder, env: { DATA_DIR: join(folder, "data") } });

describe.each(PROGRAMS)("a data folder, from %s", (program) => {
  test.each(["the same path", "a symbolic link"])("is refused to a second server by %s", (path) =>
    besideServer(program, {}, async (first) => {
      symlinkSync(join(first.folder, "data"), join(first.folder, "link"));
      const DATA_DIR = join(first.folder, path === "the same path" ? "data" : "link");
      const { code, stderr } = await failure(startServer(program, first.folder, { env: { DATA_DIR } }));
      expect(code).toBe(1);
      // One line: who reads it needs no stack trace.
      expect(stderr).toBe(
        `margay: another margay runs on ${DATA_DIR}: stop it first, or choose another DATA_DIR\n`,
      );
      // The first has not noticed anything.
      const id = await createSnippet(first, "still here");
      expect(await (await fetch(`${first.data}/${id}`)).text()).toBe("still here");
      expect(await first.stop()).toBe(0);
    }),
  );

  test("goes to exactly one of the servers that start at once", () =>
    inFolder(async (folder) => {
      const starts = await Promise.allSettled(Array.from({ length: 4 }, () => startServer(program, folder)));
      const up = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
      const down = starts.flatMap((start) =>
        start.status === "rejected" ? [start.reason as StartError] : [],
      );
      await Promise.all(up.map((server) => server.stop()));
      expect(up).toHaveLength(1);
      for (const { code, stderr } of down) {
        expect(code).toBe(1);
        expect(stderr).toStartWith("margay: another margay runs on ");
      }
    }));

  test("is free as soon as its server was killed", () =>
    inFolder(async (folder) => {
      const killed = await startServer(program, folder);
      const id = await createSnippet(killed, "kept");
      expect(await killed.stop("SIGKILL")).toBe(137);
      const next = await startServer(program, folder);
      const text = await (await fetch(`${next.data}/${id}`)).text();
      expect(await next.stop()).toBe(0);
      expect(text).toBe("kept");
      expect(next.stderr()).not.toContain("warn");
    }));

  test("takes admin commands and an export beside a server that writes all the time", () =>
    besideServer(program, {}, async (server, database) => {
      const ids = await Promise.all(["a", "b", "c", "d"].map((text) => createSnippet(server, text)));
      const statuses = new Map<number, number>();
      let writing = true;
      const writers = ids.map(async (id) => {
        for (let i = 0; writing; i++) {
          const { status } = await api(server, "PATCH", `/api/snippets/${id}`, { content: `${id} ${i}` });
          statuses.set(status, (statuses.get(status) ?? 0) + 1);
        }
      });

      const names = Array.from({ length: 20 }, (_, i) => `user${String(i).padStart(2, "0")}`);
      const [exported, ...promoted] = await Promise.all([
        runCommand(program, ["export"], {
          cwd: server.folder,
          env: { DATA_DIR: join(server.folder, "data") },
        }),
        ...names.map((name) => admin(program, server.folder, "promote", name)),
      ]);
      writing = false;
      await Promise.all(writers);

      expect(promoted).toEqual(
        names.map((name) => ({ code: 0, stdout: `${name} is an admin now\n`, stderr: "" })),
      );
      expect((await admin(program, server.folder, "list")).stdout).toBe(
        names.map((name) => `admin  ${name}\n`).join(""),
      );
      expect([...statuses.keys()]).toEqual([200]);
      expect(exported.code).toBe(0);
      const lines = exported.stdout
        .trimEnd()
        .split("\n")
        .map((line) => JSON.parse(line));
      expect(lines.at(-1)).toEqual({ type: "end", records: lines.length - 2 });
      expect(
        lines
          .filter(({ type }) => type === "snippet")
          .map(({ id }) => id)
          .sort(),
      ).toEqual(ids.toSorted());
      expect(faultsIn(database)).toEqual([]);
    }));

  test("whose database another process has locked delivers without delay, and writes when it is free", () =>
    besideServer(program, { CACHE_BYTE_BUDGET: "0" }, async (server, database) => {
      const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => createSnippet(server, `text ${i}`)));
      const other = new Database(database);
      try {
        other.run("BEGIN IMMEDIATE");
        other.run("UPDATE snippets SET title = 'not yet'");
        let written = false;
        const write = api(server, "PATCH", `/api/snippets/${ids[0]}`, { content: "after" }).then((answer) => {
          written = true;
          return answer;
        });
        // All of this is answered while the lock is held, or the write would not still be waiting.
        for (const [i, id] of ids.entries()) {
          expect(await (await fetch(`${server.data}/${id}`)).text()).toBe(`text ${i}`);
        }
        const page = await api(server, "GET", "/api/snippets?limit=50");
        expect(page.body.snippets.map(({ title }: { title: string | null }) => title)).toEqual(
          ids.map(() => null),
        );
        expect((await fetch(`${server.data}/healthz`)).status).toBe(200);
        expect((await fetch(`${server.control}/healthz`)).status).toBe(200);
        expect(written).toBe(false);

        other.run("COMMIT");
        expect((await write).status).toBe(200);
        expect(await (await fetch(`${server.data}/${ids[0]}`)).text()).toBe("after");
      } finally {
        other.close();
      }
    }));
});

// What SQLite waits for, it waits for in both programs alike, and five seconds are long.
test("a write that another process keeps waiting too long is refused, and is not stored later", () =>
  besideServer("executable", {}, async (server, database) => {
    const id = await createSnippet(server, "before");
    const other = new Database(database);
    try {
      other.run("BEGIN IMMEDIATE");
      const { status, body } = await api(server, "PATCH", `/api/snippets/${id}`, { content: "refused" });
      expect(body).toEqual({ error: "the database is busy: try again" });
      expect(status).toBe(503);
    } finally {
      other.close();
    }
    expect((await api(server, "PATCH", `/api/snippets/${id}`, { content: "taken" })).status).toBe(200);
    expect((await api(server, "GET", `/api/snippets/${id}`)).body.history_count).toBe(2);
    expect(await (await fetch(`${server.data}/${id}`)).text()).toBe("taken");
    expect(faultsIn(database)).toEqual([]);
  }));

// The executable starts fastest, so its processes meet most often; they do not meet every time.
test.each([1, 2, 3])("a new folder is made by many admin commands at once, none fails or warns (%i)", () =>
  inFolder(async (folder) => {
    const names = Array.from({ length: 10 }, (_, i) => `user${i}`);
    const results = await Promise.all(names.map((name) => admin("executable", folder, "promote", name)));
    expect(results).toEqual(
      names.map((name) => ({ code: 0, stdout: `${name} is an admin now\n`, stderr: "" })),
    );
    const { stdout } = await admin("executable", folder, "list");
    expect(stdout).toBe(names.map((name) => `admin  ${name}\n`).join(""));
    expect(faultsIn(join(folder, "data/margay.db"))).toEqual([]);
  }),
);
