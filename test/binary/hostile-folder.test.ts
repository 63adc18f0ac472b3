import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { shell } from "../cli/workspace.ts";
import { api, commandOf, createSnippet, startServer, temporaryFolder } from "../server.ts";

const root = join(import.meta.dir, "../..");

/** Leaves a mark if it is run, in whatever way. */
const INTRUDER = `require("node:fs").writeFileSync("INTRUDER-RAN", __filename);`;

/** What one might hope that the program runs or obeys because it lies in the current folder. */
const TRAPS: Record<string, string> = {
  "intruder.ts": INTRUDER,
  "intruder.cjs": INTRUDER,
  "bunfig.toml": 'preload = ["./intruder.ts"]\n[run]\npreload = ["./intruder.ts"]\n',
  "tsconfig.json": JSON.stringify({ compilerOptions: { paths: { "*": ["./intruder.ts"] }, baseUrl: "." } }),
  "package.json": JSON.stringify({
    name: "margay",
    main: "./intruder.ts",
    type: "commonjs",
    imports: { "#*": "./intruder.ts" },
    scripts: { serve: "bun intruder.ts" },
  }),
  "node_modules/elysia/index.js": INTRUDER,
  "node_modules/drizzle-orm/index.js": INTRUDER,
  "node_modules/file-type/index.js": INTRUDER,
  "storage/sqlite/writer.worker.js": INTRUDER,
  "storage/sqlite/writer.worker.ts": INTRUDER,
  "src/storage/sqlite/writer.worker.ts": INTRUDER,
  "drizzle/sqlite/meta/_journal.json": "no journal at all",
};

const ENV = [
  // Documented: these count.
  "DATA_DIR=./kept",
  "MAX_CONTENT_BYTES=20",
  // Undocumented: these must not.
  "NODE_OPTIONS=--require ./intruder.cjs",
  "BUN_OPTIONS=--preload ./intruder.ts",
  "BUN_BE_BUN=1",
  "BUN_INSPECT=127.0.0.1:0",
  "NODE_PATH=.",
  "NODE_ENV=development",
  "PORT=1",
  "HOST=203.0.113.1",
].join("\n");

/** Variants of `.env` that Bun by itself would read too; the documentation names `.env` only. */
const OTHER_ENV_FILES = [".env.local", ".env.development", ".env.production", ".env.test"];
const OTHER_ENV = "DATA_DIR=./wrong\nMAX_CONTENT_BYTES=1\nCACHE_BYTE_BUDGET=nonsense\n";

/** Only the addresses are set, `.env` has the say on all else. */
const withoutDataDir = (command: string[]) => ["/usr/bin/env", "-u", "DATA_DIR", ...command];

describe("in a folder full of traps", () => {
  let folder: ReturnType<typeof temporaryFolder>;
  const write = (path: string, content: string) => {
    const file = join(folder.path, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  };
  beforeEach(() => {
    folder = temporaryFolder();
    write(".env", ENV);
    for (const name of OTHER_ENV_FILES) write(name, OTHER_ENV);
    write("intruder.ts", INTRUDER);
    write("intruder.cjs", INTRUDER);
  });
  afterEach(() => folder.remove());

  /** Uses a server in every way that loads code, and checks that only what is documented has counted. */
  const useServer = async (command: (normal: string[]) => string[]) => {
    const before = readdirSync(folder.path);
    const server = await startServer("executable", folder.path, {
      wrap: (normal) => withoutDataDir(command(normal)),
    });
    try {
      const id = await createSnippet(server, "Hello {{name}}");
      expect(await (await fetch(`${server.data}/${id}/page.html?name=world`)).text()).toBe("Hello world");
      expect((await api(server, "PATCH", `/api/snippets/${id}`, { content: "Bye" })).status).toBe(200);
      expect((await api(server, "POST", "/api/snippets", { content: "x".repeat(21) })).status).toBe(413);
      expect((await fetch(`${server.control}/openapi`)).status).toBe(200);
      // Development modes tell more of an error.
      const { status, body } = await api(server, "POST", "/api/snippets", { content: 7 });
      expect({ status, keys: Object.keys(body) }).toEqual({ status: 400, keys: ["error"] });
      expect(server.stderr()).not.toMatch(/inspect|debug/i);
    } finally {
      await server.stop();
    }
    expect(readdirSync(folder.path).sort()).toEqual([...before, "kept"].sort());
  };

  test("the executable runs none of them, and obeys the documented settings of .env only", async () => {
    for (const [path, content] of Object.entries(TRAPS)) write(path, content);
    await useServer((normal) => normal);
  });

  test("no command of the executable runs one either", async () => {
    for (const [path, content] of Object.entries(TRAPS)) write(path, content);
    const { code, stdout, stderr } = await shell(
      "executable",
      "margay version && margay help && margay admin promote ann && margay export && margay export | margay import",
      folder.path,
      {},
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.toString()).toContain("ann is an admin now");
    expect(readdirSync(folder.path)).toContain("kept");
    expect(readdirSync(folder.path)).not.toContain("INTRUDER-RAN");
    expect(readdirSync(folder.path)).not.toContain("wrong");
  });

  test("from source, at the top of the repository, .env counts by its documented settings only", async () => {
    for (const part of ["src", "drizzle", "package.json", "bunfig.toml", "tsconfig.json"]) {
      cpSync(join(root, part), join(folder.path, part), { recursive: true });
    }
    symlinkSync(join(root, "node_modules"), join(folder.path, "node_modules"));
    const [bun] = commandOf("source");
    await useServer(() => [bun!, "src/main.ts", "serve"]);
  });
});
