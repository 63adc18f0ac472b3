import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startServer, temporaryFolder } from "../server.ts";
import { numbersFrom } from "./parts/arguments.ts";
import { coresFact, onServerCores } from "./parts/cores.ts";
import { type Filled, fill, SECRET, storedBytes } from "./parts/filled.ts";
import { chooseLoad } from "./parts/load.ts";
import { machineFacts } from "./parts/machine.ts";
import { ownBytes, residentBytes } from "./parts/processes.ts";
import { type Contender, race } from "./parts/race.ts";
import { cpuRatios, disturbance, raceTable } from "./parts/race-table.ts";
import { mebibytes, median, reached, spread } from "./parts/statistics.ts";
import { markdownTable } from "./parts/table.ts";
import { makeText } from "./parts/texts.ts";

/*
 * What a GET costs with very many stored snippets beside what it costs with few: once answered from the cache,
 * once loaded from the database each time.
 */

const options = numbersFrom(process.argv.slice(2), {
  snippets: 1_000_000,
  few: 1_000,
  rounds: 5,
  seconds: 2,
  connections: 32,
});
const TARGET = 1.1;
const CONTENT_BYTES = 300;
const HOT_SET = 100;
/** Ids drawn for one round: more than are asked for in it, so that no order repeats. */
const DRAWN = 50_000 * options.seconds;

interface Data extends Filled {
  folder: string;
  /** A hundred ids, the same in every round. */
  hot: string[];
}

const temporary = temporaryFolder();
try {
  const load = chooseLoad(folderFor("load"));
  const facts = {
    load: load.name,
    placement: coresFact,
    rounds: String(options.rounds),
    seconds: String(options.seconds),
    connections: String(options.connections),
  };
  console.log(`# Scale\n\n${machineFacts(facts)}\n`);
  const many = await prepare(options.snippets);
  const few = await prepare(options.few);

  const hits = await compare("hits", `Hits: a hot set of ${HOT_SET} ids`, {}, (data) => () => data.hot);
  const misses = await compare(
    "misses",
    "Misses that load: ids drawn from all (CACHE_BYTE_BUDGET=0)",
    { CACHE_BYTE_BUDGET: "0" },
    (data) => () => draw(data, DRAWN),
  );
  const head = ["case", `CPU, ${nameOf(many)} to ${nameOf(few)}`, "target"];
  console.log(`## Summary\n\n${markdownTable(head, [hits, misses])}`);

  async function compare(
    name: string,
    title: string,
    env: Record<string, string>,
    pathsOf: (data: Data) => () => string[],
  ): Promise<string[]> {
    const contenders: (Contender & { pid: number })[] = [];
    const stops: (() => Promise<unknown>)[] = [];
    try {
      for (const data of [many, few]) {
        const server = await startServer("executable", data.folder, {
          wrap: onServerCores,
          env: { ID_SIGNING_SECRET: SECRET, ...env },
        });
        stops.push(() => server.stop());
        const paths = pathsOf(data);
        contenders.push({
          name: nameOf(data),
          origin: server.data,
          requests: () => ({ paths: paths() }),
          status: 200,
          processes: () => [server.pid],
          pid: server.pid,
        });
      }
      const samples = await race(contenders, load, options);
      const names = contenders.map((contender) => contender.name);
      console.log(`## ${title}\n\n${raceTable(names, samples, 1)}\n\n${disturbance(samples)}\n`);
      const memory = contenders.map(({ name, pid }) => [
        name,
        mebibytes(residentBytes(pid)),
        mebibytes(ownBytes(pid)),
      ]);
      console.log(`${markdownTable(["memory", "resident", "without mapped files"], memory)}\n`);
      const ratios = cpuRatios(samples[0]!, samples[1]!);
      return [name, spread(ratios), reached(median(ratios), TARGET)];
    } finally {
      for (const stop of stops) await stop();
    }
  }
} finally {
  temporary.remove();
}

async function prepare(count: number): Promise<Data> {
  const folder = folderFor(String(count));
  console.error(`storing ${nameOf({ count })} …`);
  // Numbers of the same length make texts of the same length.
  const filled = await fill(folder, count, (place) => makeText(CONTENT_BYTES, 1_000_000_000 + place));
  const rate = Math.round(count / filled.seconds).toLocaleString("en");
  const size = mebibytes(storedBytes(folder));
  console.log(`${nameOf(filled)}: stored in ${filled.seconds.toFixed(1)} s (${rate}/s), ${size} on disk\n`);
  return { ...filled, folder, hot: draw(filled, HOT_SET) };
}

function draw({ count, idOf }: Filled, size: number): string[] {
  return Array.from({ length: size }, () => `/${idOf(Math.floor(Math.random() * count))}`);
}

function nameOf({ count }: { count: number }): string {
  return `${count.toLocaleString("en")} snippets`;
}

function folderFor(name: string): string {
  const path = join(temporary.path, name);
  mkdirSync(path);
  return path;
}
