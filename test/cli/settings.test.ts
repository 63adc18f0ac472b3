import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { api, PROGRAMS, runCommand, startServer, temporaryFolder } from "../server.ts";
import { rowsFor } from "./workspace.ts";

/** Takes away what the harness sets, so that `.env` has a say. */
const withoutSettings = (command: string[]) => [
  "/usr/bin/env",
  ...["DATA_DIR", "CONTROL_PLANE_ADDR", "DATA_PLANE_ADDR"].flatMap((name) => ["-u", name]),
  ...command,
];

const UNUSABLE: [string, string[]][] = [
  [
    "CONTROL_PLANE_ADDR",
    ["8080", "localhost", "127.0.0.1:65536", "127.0.0.1:", "::1:8080", "[1.2.3.4]:80", "a b:80"],
  ],
  ["DATA_PLANE_ADDR", ["nonsense", "http://127.0.0.1:3000"]],
  ["DATA_PLANE_PUBLIC_URL", ["get.example.org", "ftp://example.org", "https://example.org/?a=b"]],
  ["MARGAY_URL", ["nonsense"]],
  ["AUTH_MODE", ["magic"]],
  ["CACHE_BYTE_BUDGET", ["-1", "1.5", "10MB", "1e9", "9".repeat(30)]],
  ["MAX_CONTENT_BYTES", ["0", "x"]],
  ["MAX_RENDERED_BYTES", ["0"]],
  ["WRITE_QUEUE_LIMIT", ["0"]],
  ["WRITE_QUEUE_BYTES", ["0"]],
  ["SHUTDOWN_SECONDS", ["0", "soon"]],
];

describe.each(PROGRAMS)("settings, from %s", (program) => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => folder.remove());
  const serve = (env: Record<string, string>) => runCommand(program, ["serve"], { cwd: folder.path, env });

  test.each(rowsFor(program, UNUSABLE))(
    "%s with a value like %j stops the start with one line that names it, its value and what is allowed",
    async (name, values) => {
      await Promise.all(
        values.map(async (value) => {
          const { code, stdout, stderr } = await serve({ [name]: value });
          expect({ value, code, stdout }).toEqual({ value, code: 1, stdout: "" });
          expect(stderr).toMatch(/^margay: [^\n]+\n$/);
          expect(stderr).toContain(`${name}=${JSON.stringify(value)}`);
          expect(stderr).toMatch(/\b(give|knows)\b/);
        }),
      );
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  test("a secret of 31 characters stops the start, and is not repeated", async () => {
    const secret = "0123456789abcdefghijklmnopqrstu";
    const { code, stdout, stderr } = await serve({ ID_SIGNING_SECRET: secret });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^margay: ID_SIGNING_SECRET .*31 characters.*at least 32.*\n$/);
    expect(stderr).not.toContain(secret.slice(0, 6));
    expect(readdirSync(folder.path)).toEqual([]);
  });

  test.each(rowsFor(program, ["export", "import", "admin list", "put", `get ${"A".repeat(64)}`]))(
    "%s stops at a bad setting in the same way",
    async (line) => {
      const env = { CACHE_BYTE_BUDGET: "much" };
      const result = await runCommand(program, line.split(" "), { cwd: folder.path, env });
      expect(result).toMatchObject({ code: 1, stdout: "" });
      expect(result.stderr).toMatch(/^margay: CACHE_BYTE_BUDGET="much" .*\n$/);
      expect(readdirSync(folder.path)).toEqual([]);
    },
  );

  describe(".env in the current folder", () => {
    const writeEnv = (...lines: string[]) => writeFileSync(join(folder.path, ".env"), lines.join("\n"));

    test("is read, with comments and quotes", async () => {
      writeEnv(
        "# where",
        "CONTROL_PLANE_ADDR=127.0.0.1:0",
        "DATA_PLANE_ADDR='127.0.0.1:0' # free",
        'DATA_PLANE_PUBLIC_URL="https://get.example.org"',
        "",
        "DATA_DIR=./elsewhere",
      );
      const server = await startServer(program, folder.path, { wrap: withoutSettings });
      try {
        expect((await api(server, "GET", "/api/auth-info")).body.data_plane_url).toBe(
          "https://get.example.org",
        );
        expect(readdirSync(folder.path).sort()).toEqual([".env", "elsewhere"]);
      } finally {
        await server.stop();
      }
    });

    test("gives way to the environment", async () => {
      writeEnv(
        "CONTROL_PLANE_ADDR=nonsense",
        "DATA_PLANE_PUBLIC_URL=https://from.file",
        "DATA_DIR=./from-file",
        "MAX_CONTENT_BYTES=10",
      );
      const env = { DATA_PLANE_PUBLIC_URL: "https://from.environment" };
      const server = await startServer(program, folder.path, { env });
      try {
        const { body } = await api(server, "GET", "/api/auth-info");
        expect(body.data_plane_url).toBe("https://from.environment");
        expect(existsSync(join(folder.path, "from-file"))).toBe(false);
        // What the environment leaves open is the file's.
        const { status } = await api(server, "POST", "/api/snippets", { content: "eleven byte" });
        expect(status).toBe(413);
      } finally {
        await server.stop();
      }
    });

    test("with a bad value stops the start as the environment does", async () => {
      writeEnv("SHUTDOWN_SECONDS=never");
      const { code, stderr } = await serve({});
      expect(code).toBe(1);
      expect(stderr).toMatch(/^margay: SHUTDOWN_SECONDS="never" .*\n$/);
    });

    test("of another folder is not read", async () => {
      writeEnv("SHUTDOWN_SECONDS=never");
      const inner = join(folder.path, "inner");
      mkdirSync(inner);
      const result = await runCommand(program, ["admin", "list"], { cwd: inner });
      expect(result).toEqual({ code: 0, stdout: "", stderr: "" });
    });
  });

  describe("an address that cannot be listened on stops the start with its setting's name:", () => {
    const lastLine = (stderr: string) => stderr.trim().split("\n").at(-1);

    test.each(["127.0.0.1", "0.0.0.0"])(
      "both planes on one port, the data plane's host being %s",
      async (host) => {
        const free = Bun.serve({ hostname: "0.0.0.0", port: 0, fetch: () => new Response() });
        const { port } = free;
        await free.stop(true);
        const { code, stdout, stderr } = await serve({
          CONTROL_PLANE_ADDR: `127.0.0.1:${port}`,
          DATA_PLANE_ADDR: `${host}:${port}`,
        });
        expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
        expect(lastLine(stderr)).toMatch(/^margay: (CONTROL|DATA)_PLANE_ADDR: .*in use/);
        expect(lastLine(stderr)).toContain(`:${port}`);
      },
    );

    test.each(["CONTROL_PLANE_ADDR", "DATA_PLANE_ADDR"])(
      "another process on the port of %s",
      async (name) => {
        const other = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response("other") });
        try {
          const { code, stdout, stderr } = await serve({
            CONTROL_PLANE_ADDR: "127.0.0.1:0",
            DATA_PLANE_ADDR: "127.0.0.1:0",
            [name]: `127.0.0.1:${other.port}`,
          });
          expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
          expect(lastLine(stderr)).toMatch(new RegExp(`^margay: ${name}: .*127.0.0.1:${other.port}.*in use`));
          expect(await (await fetch(other.url)).text()).toBe("other");
        } finally {
          await other.stop(true);
        }
      },
    );

    test("an address of another machine", async () => {
      const { code, stderr } = await serve({
        CONTROL_PLANE_ADDR: "127.0.0.1:0",
        DATA_PLANE_ADDR: "203.0.113.1:3000",
      });
      expect(code).toBe(1);
      expect(lastLine(stderr)).toMatch(/^margay: DATA_PLANE_ADDR: cannot listen on 203\.0\.113\.1:3000/);
    });
  });
});
