import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/*
 * Imported first by every script: these run on a fresh clone, by whatever Bun is there, so they may import
 * nothing that has to be installed.
 */

export const root = join(import.meta.dir, "..");

const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
const pinnedVersion: string = manifest.devDependencies.bun;

/** The pinned Bun, which `install` puts here. */
export const pinnedBun = join(root, "node_modules/bun/bin/bun.exe");

/** Runs a program with our standard streams; resolves to its exit code. SIGINT and SIGTERM are handed on. */
export async function run(
  command: string[],
  options: { env?: Record<string, string> } = {},
): Promise<number> {
  const child = Bun.spawn(command, {
    cwd: root,
    stdio: ["inherit", "inherit", "inherit"],
    env: { ...process.env, ...options.env },
  });
  const pass = (signal: NodeJS.Signals) => child.kill(signal);
  process.on("SIGINT", pass).on("SIGTERM", pass);
  const code = await child.exited;
  process.off("SIGINT", pass).off("SIGTERM", pass);
  return code;
}

/** Like `run`, and ends the script if the program fails. */
export async function must(command: string[]): Promise<void> {
  const code = await run(command);
  if (code !== 0) process.exit(code);
}

/** Installs the pinned dependencies, Bun among them, unless those of this lock file are there. */
export async function install(): Promise<void> {
  const lock = Bun.hash(readFileSync(join(root, "bun.lock"))).toString();
  const stamp = join(root, "node_modules/.installed-lock");
  if (existsSync(pinnedBun) && existsSync(stamp) && readFileSync(stamp, "utf8") === lock) return;
  console.error("installing dependencies …");
  // Another Bun may not understand the lock file.
  const bun =
    Bun.version === pinnedVersion ? [process.execPath] : [process.execPath, "x", `bun@${pinnedVersion}`];
  await must([...bun, "install", "--frozen-lockfile"]);
  writeFileSync(stamp, lock);
}
