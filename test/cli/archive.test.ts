import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { Readable } from "node:stream";
import { createIds, type Ids } from "../../src/snippets/id.ts";
import type { ArchiveRecord } from "../../src/storage/archive.ts";
import { formatArchive } from "../../src/storage/ndjson.ts";
import { createSnippet, PROGRAMS, startServer, temporaryFolder } from "../server.ts";
import { everythingOf, fill } from "./state.ts";
import { openWorkspace, rowsFor, type Workspace } from "./workspace.ts";

const SECRET = "a secret that both servers share, 32 and more";

describe.each(PROGRAMS)("export and import, from %s", (program) => {
  let work: Workspace;
  let archive: string;
  beforeAll(async () => {
    work = await openWorkspace(program, { ID_SIGNING_SECRET: SECRET });
    await fill(work);
    archive = (await work.margay(["export"])).stdout;
  });
  afterAll(() => work?.close());

  const folders: ReturnType<typeof temporaryFolder>[] = [];
  /** Settings for a data folder that does not exist yet. */
  const elsewhere = () => {
    const folder = temporaryFolder();
    folders.push(folder);
    return { DATA_DIR: `${folder.path}/data` };
  };
  afterAll(() => {
    for (const folder of folders) folder.remove();
  });

  const importOf = (env: Record<string, string>, stdin: string | Uint8Array) =>
    work.margay(["import"], { env, stdin });
  const exportOf = async (env: Record<string, string> = {}) => {
    const { code, stdout, stderr } = await work.margay(["export"], { env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return stdout;
  };

  test("export beside a running server is one JSON object a line, and the server goes on", async () => {
    const id = await createSnippet(work.server, "written meanwhile");
    const lines = (await exportOf()).trimEnd().split("\n");
    const types = lines.map((line) => JSON.parse(line).type);
    expect([types[0], types.at(-1)]).toEqual(["margay", "end"]);
    expect((await fetch(`${work.server.data}/${id}`)).status).toBe(200);
    await createSnippet(work.server, "written after");
    expect((await exportOf()).length).toBeGreaterThan(lines.join("\n").length + 1);
    expect(work.server.stderr()).not.toMatch(/warn|error/);
    archive = await exportOf();
  });

  test("what was imported elsewhere is the same: ids, times, versions, what is off delivery, users, delivery", async () => {
    const env = elsewhere();
    const { code, stdout, stderr } = await importOf(env, archive);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toMatch(/^imported \d+ snippets with \d+ versions and 2 users\n$/);
    expect(await exportOf(env)).toBe(archive);
    expect((await work.margay(["admin", "list"], { env })).stdout).toBe("admin  ann\nuser   bob\n");

    const server = await startServer(program, work.path, { env: { ...env, ID_SIGNING_SECRET: SECRET } });
    try {
      const there = await everythingOf(server);
      expect(there.live.length).toBeGreaterThanOrEqual(3);
      expect(there.deleted).toHaveLength(1);
      expect(there).toEqual(await everythingOf(work.server));
      expect(await exportOf(env)).toBe(archive);
    } finally {
      await server.stop();
    }
  });

  // Text formats differ in what else than a line feed ends a line.
  test.each(
    rowsFor(program, [
      ["line separator", "\u2028"],
      ["paragraph separator", "\u2029"],
      ["next line", "\u0085"],
      ["carriage return", "\r"],
      ["vertical tab and form feed", "\v\f"],
    ]),
  )("a text with a %s goes over as any other", async (_, separator) => {
    const ids = await createIds(SECRET);
    const records: ArchiveRecord[] = [
      { type: "user", user: { id: `a${separator}b`, isAdmin: true, createdAt: 0 } },
      contentRecord(ids, `c${separator}d`),
    ];
    const whole = (await Array.fromAsync(formatArchive(Readable.from(records), ids))).join("");
    const env = elsewhere();
    expect(await importOf(env, whole)).toMatchObject({ code: 0, stderr: "" });
    expect(await exportOf(env)).toBe(whole);
  });

  const DAMAGES: [string, (lines: string[]) => string[]][] = [
    ["cut short", (lines) => lines.slice(0, -3)],
    ["cut within a line", (lines) => [...lines.slice(0, 4), lines[4]!.slice(0, 30)]],
    ["without one content", (lines) => without(lines, "content")],
    ["without one snippet", (lines) => without(lines, "snippet")],
    ["without one version", (lines) => without(lines, "version")],
    ["with a content twice", (lines) => twice(lines, "content")],
    ["with a snippet twice", (lines) => twice(lines, "snippet")],
    ["with a version twice", (lines) => twice(lines, "version")],
    [
      "with a forged id",
      (lines) => lines.map((line) => line.replace(/("id":"[\w-]{63})[\w-]/, (_, id) => `${id}~`)),
    ],
    ["with another text", (lines) => lines.map((line) => line.replace('"content":"', '"content":"x'))],
    ["with a line that is no JSON", (lines) => lines.toSpliced(3, 0, "nonsense")],
    ["with something after the end", (lines) => [...lines, lines[1]!]],
    ["of no line", () => []],
  ];
  /** Where damaged archives go; there is a user already. */
  let damaged: { DATA_DIR: string };
  beforeAll(async () => {
    damaged = elsewhere();
    expect((await work.margay(["admin", "promote", "here"], { env: damaged })).code).toBe(0);
  });

  test.each(rowsFor(program, DAMAGES))(
    "import of an archive %s tells the line and changes nothing",
    async (_, damage) => {
      const before = await exportOf(damaged);
      expect(before).toContain('"here"');

      const lines = damage(archive.trimEnd().split("\n"));
      const { code, stdout, stderr } = await importOf(damaged, lines.map((line) => `${line}\n`).join(""));
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^margay: [^\n]*line \d+[^\n]*\n$/);
      expect(await exportOf(damaged)).toBe(before);
    },
  );

  test("both take a file, and a file that was there is replaced", async () => {
    const env = elsewhere();
    const file = work.write("archive.ndjson", "x".repeat(10 * archive.length));
    expect(await work.margay(["export", file])).toEqual({ code: 0, stdout: "", stderr: "" });
    expect(readFileSync(file, "utf8")).toBe(await exportOf());
    expect((await work.margay(["import", file], { env })).code).toBe(0);
    expect(await exportOf(env)).toBe(readFileSync(file, "utf8"));
  });

  test.each(
    rowsFor(program, [
      ["import", "missing.ndjson"],
      ["import", "."],
      ["export", "."],
      ["export", "missing/archive.ndjson"],
    ]),
  )("%s %s says in a line that the file is the fault", async (command, file) => {
    const { code, stdout, stderr } = await work.margay([command, file], { env: elsewhere() });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^margay: [^\n]*\n$/);
    expect(stderr).toContain(file);
  });

  // What follows is the same for every form of the program.
  if (program !== "executable") return;

  test("importing twice skips what is here, and keeps what was changed here", async () => {
    const env = elsewhere();
    await importOf(env, archive);
    await work.margay(["admin", "demote", "ann"], { env });
    const before = await exportOf(env);
    const { code, stdout } = await importOf(env, archive);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^imported 0 snippets with 0 versions and 0 users; [1-9]\d* snippets were here already/,
    );
    expect(await exportOf(env)).toBe(before);
  });

  test("import on the data of a running server is refused and changes nothing", async () => {
    const before = await exportOf();
    const foreign = elsewhere();
    expect((await importOf(foreign, archive)).code).toBe(0);
    const { code, stdout, stderr } = await importOf({}, archive);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(
      /^margay: another margay runs on .*: stop it first, or choose another DATA_DIR\n$/,
    );
    expect(await exportOf()).toBe(before);
  });

  test("import under another secret is refused, with what to do", async () => {
    const env = { ...elsewhere(), ID_SIGNING_SECRET: "the secret of a quite different server" };
    const { code, stdout, stderr } = await importOf(env, archive);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^margay: line 1: .*another secret.*ID_SIGNING_SECRET.*\n$/);
    expect((await exportOf(env)).split("\n")).toHaveLength(3);
  });

  test("import of bytes that are no text in UTF-8 tells the line and changes nothing", async () => {
    const before = await exportOf(damaged);
    const bytes = Buffer.from(archive);
    bytes[bytes.indexOf("removed")] = 0xff;
    const { code, stderr } = await importOf(damaged, bytes);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^margay: [^\n]*line \d+[^\n]*\n$/);
    expect(await exportOf(damaged)).toBe(before);
  });

  test("export goes into a pipe that has a name, and does not replace it", async () => {
    const { code } = await work.shell(
      "mkfifo pipe; timeout 3 cat pipe > got 2> errors & margay export pipe; test -p pipe && wait && margay export | cmp - got",
    );
    expect(code).toBe(0);
  });
});

function contentRecord(ids: Ids, text: string): ArchiveRecord {
  const content = new TextEncoder().encode(text);
  return { type: "content", hash: ids.contentPrefix(content), content };
}

const indexOf = (lines: string[], type: string) =>
  lines.findLastIndex((line) => line.startsWith(`{"type":"${type}"`));
const without = (lines: string[], type: string) => lines.toSpliced(indexOf(lines, type), 1);
const twice = (lines: string[], type: string) =>
  lines.toSpliced(indexOf(lines, type), 0, lines[indexOf(lines, type)]!);
