import { join } from "node:path";

/** Bun mounts what an executable embeds below this folder. */
const EMBEDDED = /^(\/\$bunfs|[A-Z]:[\\/]~BUN)/;

/** Whether this is the executable, as opposed to `bun src/main.ts`. */
export const isExecutable = EMBEDDED.test(import.meta.dir);

/** The path of a file that ships with the program, given relative to the top of the repository. */
export function assetPath(path: string): string {
  return isExecutable ? join(import.meta.dir, path) : join(import.meta.dir, "..", path);
}

/** The address of a worker's module, given relative to `src/`; in the executable each is an entry point. */
export function workerUrl(module: string): string {
  return isExecutable ? `./${module.replace(/\.ts$/, ".js")}` : join(import.meta.dir, module);
}
