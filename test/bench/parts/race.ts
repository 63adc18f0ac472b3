import type { Load, LoadResult } from "./load.ts";
import { probe } from "./probe.ts";
import { cpuSeconds, machineSeconds } from "./processes.ts";
import type { Requests } from "./requests.ts";

/** A server with what it is asked. */
export interface Contender {
  name: string;
  origin: string;
  /** What is asked in a round; round 0 is the warm-up. Every answer must have the same size. */
  requests(round: number): Requests;
  /** The status that every answer must have. */
  status: number;
  processes(): number[];
  /** Something that goes on during this one's turns; returns how to end it. */
  beside?(): () => Promise<void>;
}

/** One turn of a contender. */
export interface Sample {
  perSecond: number;
  /** Processor time of the server per request, in microseconds. */
  cpuMicros: number;
  /** Milliseconds. */
  p50: number;
  p99: number;
  /** Cores that the server kept busy: about 1 where it, and not the load generator, set the pace. */
  busy: number;
  /** Cores that were busy with neither the server nor the load. */
  others: number;
}

export interface RaceOptions {
  rounds: number;
  seconds: number;
  connections: number;
}

/** Numbers that `{n}` may stand for in one turn. */
const NUMBERS_PER_TURN = 10_000_000;

/** Cores that other programs may take meanwhile; above, a turn is repeated, and the least disturbed one counts. */
const QUIET = 0.2;
const ATTEMPTS = 4;

/** An answer of so many bytes is read by a load generator as a whole. */
const ONE_READ = 8_192;

/**
 * Each contender's turns, by round. In a round everyone has one turn, so that whatever else the machine does
 * meets all alike; who begins changes from round to round. Rejects if any answer was not the expected one.
 */
export async function race(contenders: Contender[], load: Load, options: RaceOptions): Promise<Sample[][]> {
  const { rounds, seconds, connections } = options;
  const samples: Sample[][] = contenders.map(() => []);
  let turns = 0;
  const attempt = async (contender: Contender, round: number): Promise<Sample> => {
    const requests = contender.requests(round);
    const expected = await probe(contender.origin, requests);
    if (expected.status !== contender.status) {
      throw new Error(`${contender.name} answers ${expected.status}, not ${contender.status}`);
    }
    const pids = contender.processes();
    const stop = contender.beside?.();
    const [before, machineBefore] = [cpuSeconds(pids), machineSeconds() - ownSeconds()];
    const from = turns++ * NUMBERS_PER_TURN;
    const result = await load.run(contender.origin, requests, { connections, seconds, from });
    const cpu = cpuSeconds(pids) - before;
    const machine = machineSeconds() - ownSeconds() - machineBefore;
    await stop?.();
    verify(contender, result, expected.bytes, connections);
    return {
      perSecond: result.requests / result.seconds,
      cpuMicros: (cpu / result.requests) * 1e6,
      p50: result.p50,
      p99: result.p99,
      busy: cpu / result.seconds,
      others: Math.max(0, machine - cpu - result.cpu) / result.seconds,
    };
  };

  const turn = async (contender: Contender, round: number): Promise<Sample> => {
    let best = await attempt(contender, round);
    for (let n = 1; best.others > QUIET && n < ATTEMPTS; n++) {
      const next = await attempt(contender, round);
      if (next.others < best.others) best = next;
    }
    return best;
  };

  for (const contender of contenders) await attempt(contender, 0);
  for (let round = 1; round <= rounds; round++) {
    for (let place = 0; place < contenders.length; place++) {
      const i = (place + round) % contenders.length;
      samples[i]!.push(await turn(contenders[i]!, round));
    }
  }
  return samples;
}

const ownSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

/**
 * A load generator counts statuses from 400 on; that the others are right is seen from the bytes, which are
 * the same for every right answer. At the end, one answer a connection may have come in part.
 */
function verify({ name, status }: Contender, result: LoadResult, bytes: number, connections: number): void {
  const refusals = status >= 400 ? result.requests : 0;
  const excess = result.bytes - result.requests * bytes;
  const underWay = bytes > ONE_READ ? connections * bytes : 0;
  if (result.requests === 0) throw new Error(`${name} answered nothing`);
  if (result.broken > 0) throw new Error(`${name}: ${result.broken} connections failed`);
  if (result.refused !== refusals) {
    throw new Error(`${name}: ${result.refused} of ${result.requests} answers have a status of 400 or more`);
  }
  if (excess < 0 || excess > underWay) {
    throw new Error(
      `${name}: ${result.requests} answers have ${result.bytes} bytes, not ${bytes} each: some are not the right ones`,
    );
  }
}
