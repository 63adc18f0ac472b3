import { clientLoad } from "./client.ts";
import type { Requests } from "./requests.ts";
import { wrkLoad } from "./wrk.ts";

export interface LoadOptions {
  connections: number;
  seconds: number;
  /** The first number that `{n}` stands for. */
  from: number;
}

export interface LoadResult {
  requests: number;
  /** Processor time of the generator, in seconds. */
  cpu: number;
  /** Bytes of all answers. */
  bytes: number;
  seconds: number;
  /** Latencies in milliseconds. */
  p50: number;
  p99: number;
  /** Answers with a status of 400 or more. */
  refused: number;
  /** Connections that failed, were cut or timed out. */
  broken: number;
}

/** Asks as fast as it gets answers, over connections that are kept, one request at a time on each. */
export interface Load {
  name: string;
  run(origin: string, requests: Requests, options: LoadOptions): Promise<LoadResult>;
}

/** wrk where it is installed, else a client of our own. `folder` is for files that it needs. */
export function chooseLoad(folder: string): Load {
  return Bun.which("wrk") ? wrkLoad(folder) : clientLoad(folder);
}
