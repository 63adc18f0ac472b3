import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import manifest from "../../package.json";
import { PROGRAMS, runCommand, temporaryFolder } from "../server.ts";
import { rowsFor } from "./workspace.ts";

const COMMANDS = ["serve", "put", "get", "export", "import", "admin", "version"];

const NOT_UNDERSTOOD: [string[], string][] = [
  [["nonsense"], '"nonsense"'],
  [[""], '""'],
  [["--nonsense"], "--nonsense"],
  [["Serve"], '"Serve"'],
  [["constructor"], '"constructor"'],
  [["toString"], '"toString"'],
  [["__proto__"], '"__proto__"'],
  [["serve", "now"], '"now"'],
  [["serve", "--port", "1"], "--port"],
  [["get"], "id"],
  [["get", "a", "b"], '"b"'],
  [["put", "a", "b"], '"b"'],
  [["put", "--title"], "--title"],
  [["put", "--name", "x"], "--name"],
  [["export", "a", "b"], '"b"'],
  [["import", "a", "b"], '"b"'],
  [["admin"], "promote, demote and list"],
  [["admin", "remove", "ann"], "promote, demote and list"],
  [["admin", "promote"], "user id"],
  [["admin", "demote"], "user id"],
  [["admin", "promote", "ann", "bob"], '"bob"'],
];

describe.each(PROGRAMS)("the command line, from %s", (program) => {
  let folder: ReturnType<typeof temporaryFolder>;
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(() => {
    // Whoever asks for help, or in the wrong way, leaves no trace.
    const left = readdirSync(folder.path);
    folder.remove();
    expect(left).toEqual([]);
  });
  // A setting that would stop any command which reads the settings.
  const run = (...args: string[]) =>
    runCommand(program, args, { cwd: folder.path, env: { CONTROL_PLANE_ADDR: "nonsense" } });

  test.each(["help", "--help", "-h", "put --help", "serve --help", "admin list --help"])(
    "%s tells of every command",
    async (line) => {
      const { code, stdout, stderr } = await run(...line.split(" "));
      expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
      for (const command of COMMANDS) expect(stdout).toMatch(new RegExp(`^ +margay \\[?${command}`, "m"));
    },
  );

  test.each(["version", "--version"])("%s tells the version", async (argument) => {
    const { code, stdout, stderr } = await run(argument);
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout).toBe(`margay ${manifest.version} (bun ${manifest.devDependencies.bun})\n`);
  });

  test.each(rowsFor(program, NOT_UNDERSTOOD))(
    "%j is not understood: exit code 2, the reason and how it is used",
    async (args, reason) => {
      const { code, stdout, stderr } = await run(...args);
      expect({ code, stdout }).toEqual({ code: 2, stdout: "" });
      const [first, ...rest] = stderr.split("\n");
      expect(first).toStartWith("margay: ");
      expect(first).toContain(reason);
      expect(rest.join("\n")).toContain("margay put [FILE]");
    },
  );
});
