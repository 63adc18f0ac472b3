import { join } from "node:path";
import { onServerCores } from "./cores.ts";

/** What a bare server answers to everything. */
export interface BareAnswer {
  status: number;
  body: string | null;
  headers: Record<string, string> | null;
}

export interface Peer {
  origin: string;
  /** The processes whose work is the server's. */
  processes(): number[];
  stop(): Promise<void>;
}

/** The least that a server written for Bun can do: `Bun.serve` with one constant answer, in its own process. */
export async function startBare(answer: BareAnswer): Promise<Peer> {
  const child = Bun.spawn(
    onServerCores([process.execPath, join(import.meta.dir, "bare.process.ts"), JSON.stringify(answer)]),
    { env: { ...process.env, NODE_ENV: "production" }, stdin: "ignore", stdout: "pipe", stderr: "inherit" },
  );
  const { value } = await child.stdout.getReader().read();
  if (!value) throw new Error("the bare server did not start");
  return {
    origin: `http://127.0.0.1:${Number(new TextDecoder().decode(value))}`,
    processes: () => [child.pid],
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}
