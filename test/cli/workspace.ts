import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type CommandResult,
  commandOf,
  type Program,
  type RunningServer,
  runCommand,
  startServer,
  temporaryFolder,
} from "../server.ts";

/** A folder, a server that runs on its `data`, and the command line beside it with the same settings. */
export interface Workspace {
  path: string;
  server: RunningServer;
  margay(
    args: string[],
    options?: { env?: Record<string, string>; stdin?: string | Uint8Array },
  ): Promise<CommandResult>;
  /** Runs a script in which `margay` is the program. */
  shell(script: string, env?: Record<string, string>): Promise<ShellResult>;
  /** Writes a file into the folder; returns its path. */
  write(name: string, content: string | Uint8Array): string;
  close(): Promise<void>;
}

/**
 * The rows of a table whose subject depends little on the form of the program: all of them for one form, the
 * first for the other.
 */
export function rowsFor<T>(program: Program, rows: T[]): T[] {
  return program === "executable" ? rows : rows.slice(0, 1);
}

export interface ShellResult {
  code: number;
  /** Byte for byte. */
  stdout: Buffer;
  stderr: string;
}

export async function openWorkspace(program: Program, env: Record<string, string> = {}): Promise<Workspace> {
  const folder = temporaryFolder();
  const server = await startServer(program, folder.path, { env });
  const settings = {
    CONTROL_PLANE_ADDR: new URL(server.control).host,
    DATA_PLANE_ADDR: new URL(server.data).host,
    DATA_DIR: join(folder.path, "data"),
    ...env,
  };
  return {
    path: folder.path,
    server,
    margay: (args, { env = {}, stdin } = {}) =>
      runCommand(program, args, { cwd: folder.path, env: { ...settings, ...env }, stdin }),
    shell: (script, env = {}) => shell(program, script, folder.path, { ...settings, ...env }),
    write(name, content) {
      const path = join(folder.path, name);
      writeFileSync(path, content);
      return path;
    },
    async close() {
      await server.stop();
      folder.remove();
    },
  };
}

/** Runs a shell script in which `margay` is the program. */
export async function shell(
  program: Program,
  script: string,
  cwd: string,
  env: Record<string, string>,
): Promise<ShellResult> {
  const command = commandOf(program).map((word) => `'${word}'`);
  const child = Bun.spawn(["/bin/sh", "-c", `margay() { ${command.join(" ")} "$@"; }\n${script}`], {
    cwd,
    env: { PATH: process.env.PATH ?? "", HOME: tmpdir(), ...env },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).bytes(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout: Buffer.from(stdout), stderr };
}
