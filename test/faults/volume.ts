import { cpSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../server.ts";

/**
 * A small file system of its own, which can be full or read-only without harm to others. It is a tmpfs in a
 * private mount namespace that a process of ours holds; what is to see it is started inside.
 */
export interface Volume {
  /** Where it is, for who runs inside. */
  path: string;
  /** The same place for this process, which is outside. */
  outside: string;
  /**
   * A copy of a folder for who must look at it from outside with SQLite, which takes the way in for a symbolic
   * link and follows it to nowhere.
   */
  copy(folder: string): { path: string; remove(): void };
  /** The command line that runs another inside, under the same process id and with the volume as its folder. */
  wrap(command: string[]): string[];
  /** Throws where the kernel refuses: a volume on which files are open for writing cannot become read-only. */
  remount(mode: "ro" | "rw"): void;
  /** What runs inside must have ended. */
  remove(): Promise<void>;
}

const PRIVATE = ["unshare", "--mount", "--map-root-user"];

/** Whether volumes can be had. In CI they must be: there the refusal itself shows, as a failure. */
export const VOLUMES =
  process.env.CI === "true" ||
  (Bun.which("unshare") !== null &&
    Bun.spawnSync([...PRIVATE, "sh", "-c", "mount -t tmpfs tmpfs /tmp"], { stderr: "ignore" }).success);

export const withoutVolumes = VOLUMES ? "" : ", left out: mount namespaces are not permitted here";

export async function openVolume(megabytes: number): Promise<Volume> {
  const { path, remove } = temporaryFolder();
  // The holder ends with its standard input, and so at the latest with this process.
  const script = `mount -t tmpfs -o size=${megabytes}m tmpfs "$0" && echo mounted && exec cat`;
  const holder = Bun.spawn([...PRIVATE, "sh", "-c", script, path], { stdin: "pipe", stdout: "pipe" });
  const { done } = await holder.stdout.getReader().read();
  if (done) {
    remove();
    throw new Error(`no volume could be mounted: exit code ${await holder.exited}`);
  }
  const enter = ["nsenter", "-t", String(holder.pid), "--user", "--mount", "--preserve-credentials"];

  const outside = `/proc/${holder.pid}/root${path}`;

  return {
    path,
    outside,
    copy(name) {
      const copy = temporaryFolder();
      cpSync(join(outside, name), copy.path, { recursive: true });
      return copy;
    },
    wrap: (command) => [...enter, "sh", "-c", 'cd "$0" && exec "$@"', path, ...command],
    remount(mode) {
      const { success, stderr } = Bun.spawnSync([...enter, "mount", "-o", `remount,${mode}`, path]);
      if (!success) throw new Error(stderr.toString());
    },
    async remove() {
      holder.stdin.end();
      await holder.exited;
      remove();
    },
  };
}
