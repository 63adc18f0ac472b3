import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { api, PROGRAMS, runCommand, temporaryFolder } from "../server.ts";
import { openWorkspace, type Workspace } from "./workspace.ts";

describe.each(PROGRAMS)("admin, from %s, beside a running server", (program) => {
  let work: Workspace;
  beforeAll(async () => {
    work = await openWorkspace(program);
  });
  afterAll(() => work?.close());
  const admin = (...args: string[]) => work.margay(["admin", ...args]);
  const lines = async () => (await admin("list")).stdout.split("\n").filter(Boolean);

  test("promotes, lists and demotes users, and keeps who was demoted", async () => {
    expect(await admin("promote", "carol")).toMatchObject({ code: 0, stderr: "" });
    expect(await admin("promote", "auth0|5f 7c")).toMatchObject({ code: 0, stderr: "" });
    expect(await lines()).toEqual(expect.arrayContaining(["admin  carol", "admin  auth0|5f 7c"]));
    expect(await admin("demote", "carol")).toMatchObject({ code: 0, stderr: "" });
    expect(await lines()).toEqual(expect.arrayContaining(["user   carol", "admin  auth0|5f 7c"]));
    expect((await admin("list", "carol")).stdout).toBe("user   carol\n");
  });

  // What follows is the same for every form of the program.
  if (program !== "executable") return;

  test("says what it did, and a second time the same", async () => {
    for (let i = 0; i < 2; i++)
      expect((await admin("promote", "dave")).stdout).toBe("dave is an admin now\n");
    expect((await admin("demote", "dave")).stdout).toBe("dave is no admin now\n");
  });

  test("refuses what it cannot do with a line, and makes nobody known", async () => {
    const before = await lines();
    const refused = [
      ["demote", "nobody"],
      ["list", "nobody"],
      ["promote", ""],
      ["promote", "  "],
      ["promote", "x".repeat(256)],
    ];
    const results = await Promise.all(refused.map((args) => admin(...args)));
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      expect({ args: refused[i], stdout, failed: code > 0 }).toEqual({
        args: refused[i],
        stdout: "",
        failed: true,
      });
      expect(stderr).toMatch(/^margay: .*user/);
    }
    expect(await lines()).toEqual(before);
  });

  test("leaves the server and its writes alone", async () => {
    const [{ status, body }] = await Promise.all([
      api(work.server, "POST", "/api/snippets", { content: "meanwhile" }),
      admin("promote", "erin"),
    ]);
    expect(status).toBe(201);
    expect((await fetch(`${work.server.data}/${body.id}`)).status).toBe(200);
    expect(work.server.stderr()).not.toMatch(/warn|error/);
  });

  test("works on a folder without a server too", async () => {
    const folder = temporaryFolder();
    const run = (...args: string[]) => runCommand(program, ["admin", ...args], { cwd: folder.path });
    try {
      expect(await run("list")).toEqual({ code: 0, stdout: "", stderr: "" });
      expect((await run("promote", "ann")).code).toBe(0);
      expect(await run("list")).toEqual({ code: 0, stdout: "admin  ann\n", stderr: "" });
    } finally {
      folder.remove();
    }
  });
});
