import { expect, test } from "bun:test";
import { join } from "node:path";
import { type RunningServer, startServer, temporaryFolder } from "../server.ts";
import { countSnippets, faultsIn } from "./consistency.ts";
import { type Fate, verify } from "./verify.ts";
import { createRandom, createWriter } from "./writers.ts";

const ROUNDS = 60;
const WRITERS = 8;
/** Acknowledged writes of a round before its kill, at the most: some rounds come to checkpoints of the log. */
const WRITES = 300;

/** Set it to what a failure printed to write and kill by the same numbers; the times still differ. */
const seed = Number(process.env.KILL_SEED ?? Math.floor(Math.random() * 2 ** 31));

test(`keeps every acknowledged write and no half of another, through ${ROUNDS} kills`, async () => {
  const folder = temporaryFolder();
  const file = join(folder.path, "data/margay.db");
  const random = createRandom(seed);
  const writers = Array.from({ length: WRITERS }, (_, i) =>
    createWriter(`writer${i}`, createRandom(seed + 2 * i + 2)),
  );
  const fates: Record<Fate, number> = { none: 0, stored: 0, absent: 0 };
  let killedInWrite = 0;
  let round = 0;
  let server: RunningServer | undefined;

  const verifyAll = async (
    running: RunningServer,
    snippets = writers.flatMap((writer) => writer.snippets),
  ) => {
    await Promise.all(snippets.map(async (snippet) => fates[await verify(running, snippet)]++));
    // What came to nothing is nobody's any more.
    for (const writer of writers) {
      const created = writer.snippets.filter(({ id }) => id !== null);
      writer.snippets.splice(0, writer.snippets.length, ...created);
    }
    expect(faultsIn(file)).toEqual([]);
    expect(countSnippets(file)).toBe(writers.reduce((sum, writer) => sum + writer.snippets.length, 0));
  };

  try {
    for (; round < ROUNDS; round++) {
      server = await startServer(round % 6 === 5 ? "source" : "executable", folder.path);
      await verifyAll(
        server,
        writers.flatMap((writer) => writer.snippets).filter(({ touched }) => touched),
      );

      const running = server;
      const limit = 1 + Math.floor(random() ** 3 * WRITES);
      let writes = 0;
      let killed: Promise<number> | undefined;
      const kill = () => {
        if (writers.some((writer) => writer.underWay())) killedInWrite++;
        killed = running.stop("SIGKILL");
      };
      const acknowledged = () => {
        // Not at the moment of an answer: anywhere in what the server does next.
        if (++writes === limit) setTimeout(kill, random() * 4);
      };
      await Promise.all(writers.map((writer) => writer.run(running, acknowledged)));
      if (!killed) throw new Error(`the server stopped answering before it was killed: ${running.stderr()}`);
      expect(await killed).toBe(137);
    }
    server = await startServer("executable", folder.path);
    for (const writer of writers) for (const snippet of writer.snippets) snippet.verified = 0;
    await verifyAll(server);
    expect(await server.stop()).toBe(0);
  } catch (error) {
    console.error(`KILL_SEED=${seed}, round ${round}`);
    throw error;
  } finally {
    await server?.stop("SIGKILL");
    folder.remove();
  }

  // Kills that find nobody writing, or always the same moment of a write, would prove nothing.
  expect(killedInWrite).toBeGreaterThan(0.9 * ROUNDS);
  expect(fates.stored).toBeGreaterThan(0);
  expect(fates.absent).toBeGreaterThan(0);
  if (process.env.KILL_SEED) console.error({ killedInWrite, ...fates });
}, 120_000);
