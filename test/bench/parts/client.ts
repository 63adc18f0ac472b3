import { join } from "node:path";
import { onLoadCore } from "./cores.ts";
import type { Load, LoadOptions, LoadResult } from "./load.ts";
import { type Requests, requestParts } from "./requests.ts";

/** What the client's process is told. */
export interface ClientTask extends LoadOptions {
  hostname: string;
  port: number;
  before: string;
  after: string;
  paths: string[];
}

/** A client of our own for machines without wrk, in a process of its own. It is slower, and says so. */
export function clientLoad(folder: string): Load {
  return {
    name: "a client of our own (install wrk for a faster one)",
    async run(origin: string, requests: Requests, options: LoadOptions): Promise<LoadResult> {
      const { hostname, port } = new URL(origin);
      const task: ClientTask = {
        ...options,
        ...requestParts(origin, requests),
        hostname,
        port: Number(port),
        paths: requests.paths,
      };
      const file = join(folder, "task.json");
      await Bun.write(file, JSON.stringify(task));
      const command = [process.execPath, join(import.meta.dir, "client.process.ts"), file];
      const child = Bun.spawn(onLoadCore(command), { stdout: "pipe", stderr: "inherit" });
      const said = await new Response(child.stdout).text();
      if ((await child.exited) !== 0) throw new Error("the client failed");
      return { ...JSON.parse(said), cpu: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6 };
    },
  };
}
