import { Database } from "bun:sqlite";
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  createSnippet,
  PROGRAMS,
  type Program,
  StartError,
  startServer,
  temporaryFolder,
} from "../server.ts";

setDefaultTimeout(60_000);

/** A data folder on which a server must not start, and what the one line that it says has to name. */
interface Scenario {
  prepare(data: string): void;
  says: RegExp;
  /** Begin with the folder of a server that has run, instead of with none. */
  used?: true;
  /** The file, relative to the data folder, that must be afterwards what it was before. */
  keeps?: string;
}

const SECRET = "id-signing-secret";
const DATABASE = "margay.db";

const SCENARIOS: Record<string, Scenario> = {
  "a database that is garbage": {
    prepare(data) {
      mkdirSync(data);
      writeFileSync(join(data, DATABASE), "this is no database ".repeat(1_000));
    },
    says: /margay\.db/,
    keeps: DATABASE,
  },
  "a database that was cut off": {
    used: true,
    prepare: (data) => truncateSync(join(data, DATABASE), 5_000),
    says: /margay\.db/,
    keeps: DATABASE,
  },
  "a database that another program has made": {
    prepare(data) {
      mkdirSync(data);
      const db = new Database(join(data, DATABASE));
      db.run("CREATE TABLE snippets (text TEXT)");
      db.close();
    },
    says: /margay\.db/,
  },
  "a database that a newer version has brought up to date": {
    used: true,
    prepare(data) {
      const db = new Database(join(data, DATABASE));
      db.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('of tomorrow', 9999999999999)");
      db.close();
    },
    says: /margay\.db.*newer/,
  },
  "a database that may not be read": {
    used: true,
    prepare: (data) => chmodSync(join(data, DATABASE), 0),
    says: /margay\.db/,
  },
  "a folder in the place of the database": {
    prepare: (data) => void mkdirSync(join(data, DATABASE), { recursive: true }),
    says: /margay\.db/,
  },
  "a file in the place of the data folder": {
    prepare: (data) => writeFileSync(data, "a file"),
    says: /data/,
    keeps: "",
  },
  "a secret that is too short": {
    used: true,
    prepare: (data) => writeFileSync(join(data, SECRET), "short\n"),
    says: /id-signing-secret.*32/,
    keeps: SECRET,
  },
  "a secret that is empty": {
    used: true,
    prepare: (data) => writeFileSync(join(data, SECRET), ""),
    says: /id-signing-secret.*32/,
    keeps: SECRET,
  },
  "a secret that may not be read": {
    used: true,
    prepare: (data) => chmodSync(join(data, SECRET), 0),
    says: /id-signing-secret/,
    keeps: SECRET,
  },
  "a folder in the place of the secret": {
    prepare: (data) => void mkdirSync(join(data, SECRET), { recursive: true }),
    says: /id-signing-secret/,
  },
};

/** Root may read everything; without these two capabilities it may only read what others could. */
const WITHOUT_PRIVILEGE = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"];
const wrap = (command: string[]) => (process.getuid?.() === 0 ? [...WITHOUT_PRIVILEGE, ...command] : command);

/** What a file must still be: its bytes, as text, and its mode. */
const stateOf = (file: string) => [readFileSync(file, "latin1"), statSync(file).mode];

async function withServerRun(program: Program, folder: string): Promise<void> {
  const server = await startServer(program, folder);
  await createSnippet(server, "kept");
  await server.stop();
  // Whatever was in the log is in the file now.
  const db = new Database(join(folder, "data", DATABASE));
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
}

describe.each(PROGRAMS)("a server does not start, from %s", (program) => {
  test.each(Object.keys(SCENARIOS))("on %s, and says why in one line", async (name) => {
    const { prepare, says, used, keeps } = SCENARIOS[name]!;
    const folder = temporaryFolder();
    const data = join(folder.path, "data");
    try {
      if (used) await withServerRun(program, folder.path);
      prepare(data);
      const kept = keeps === undefined ? null : join(data, keeps);
      const before = kept === null ? [] : stateOf(kept);

      const outcome = await startServer(program, folder.path, { wrap }).catch((error) => error);
      if (!(outcome instanceof StartError)) await outcome.stop?.("SIGKILL");
      expect(outcome).toBeInstanceOf(StartError);
      expect(outcome.code).toBe(1);
      expect(outcome.stderr).toMatch(/^margay: [^\n]+\n$/);
      expect(outcome.stderr).toMatch(says);
      expect(outcome.stderr).not.toMatch(/internal error|SQLiteError/);

      expect(kept === null ? [] : stateOf(kept)).toEqual(before);
    } finally {
      folder.remove();
    }
  });
});

test.each(PROGRAMS)("a server starts on an empty database file and fills it, from %s", async (program) => {
  const folder = temporaryFolder();
  try {
    mkdirSync(join(folder.path, "data"));
    writeFileSync(join(folder.path, "data", DATABASE), "");
    const server = await startServer(program, folder.path);
    const id = await createSnippet(server, "stored");
    const text = await (await fetch(`${server.data}/${id}`)).text();
    expect(await server.stop()).toBe(0);
    expect(text).toBe("stored");
    expect(server.stderr()).not.toContain("warn");
  } finally {
    folder.remove();
  }
});
