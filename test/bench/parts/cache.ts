import { join } from "node:path";

/** What one process fills a cache with. */
export interface CacheTask {
  /** Where the snippets are stored. */
  folder: string;
  /** A file with the prefixes of the snippets, one after the other. */
  prefixes: string;
  /** Answers of each entry. */
  answers: number;
  /** Length of the value that makes a query differ from others. */
  valueLength: number;
}

/** Bytes: of the system's memory without mapped files, of the JavaScript heap, and as the cache counts them. */
export interface Taken {
  memory: number;
  heap: number;
  counted: number;
}

export interface CacheFilling {
  /** Without answers. */
  perEntry: Taken;
  perAnswer: Taken;
}

/** Measures in a process that does nothing else, so that what it takes is the cache's. */
export async function measureCache(folder: string, task: CacheTask): Promise<CacheFilling> {
  const file = join(folder, "task.json");
  await Bun.write(file, JSON.stringify(task));
  const child = Bun.spawn([process.execPath, join(import.meta.dir, "cache.process.ts"), file], {
    env: { ...process.env, NODE_ENV: "production" },
    stdout: "pipe",
    stderr: "inherit",
  });
  const said = await new Response(child.stdout).text();
  if ((await child.exited) !== 0) throw new Error("the measuring process failed");
  return JSON.parse(said);
}
