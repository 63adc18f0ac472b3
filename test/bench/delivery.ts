import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createSnippet, startServer, temporaryFolder } from "../server.ts";
import { numbersFrom } from "./parts/arguments.ts";
import { coresFact, onServerCores } from "./parts/cores.ts";
import { deliveryCases } from "./parts/delivery-cases.ts";
import { chooseLoad } from "./parts/load.ts";
import { machineFacts } from "./parts/machine.ts";
import { startNginx } from "./parts/nginx.ts";
import { race } from "./parts/race.ts";
import { cpuRatios, disturbance, raceTable } from "./parts/race-table.ts";
import { median, reached, spread } from "./parts/statistics.ts";
import { markdownTable } from "./parts/table.ts";
import { makeText, TEMPLATE } from "./parts/texts.ts";

/*
 * What delivery costs: processor time per request of the executable beside that of a bare `Bun.serve` with a
 * constant answer of the same bytes. nginx with server-side includes is shown where it is installed.
 */

const options = numbersFrom(process.argv.slice(2), { rounds: 5, seconds: 2, connections: 32 });
const TARGET = 1.25;

const temporary = temporaryFolder();
const folderFor = (name: string) => {
  const path = join(temporary.path, name);
  mkdirSync(path);
  return path;
};
const stops: (() => Promise<unknown>)[] = [];
try {
  const load = chooseLoad(folderFor("load"));
  const text = makeText(20_480);
  const server = await startServer("executable", folderFor("cached"), { wrap: onServerCores });
  stops.push(() => server.stop());
  const uncached = await startServer("executable", folderFor("uncached"), {
    wrap: onServerCores,
    env: { CACHE_BYTE_BUDGET: "0" },
  });
  stops.push(() => uncached.stop());
  const nginx = await startNginx(folderFor("nginx"), { template: TEMPLATE, text });
  if (nginx) stops.push(nginx.stop);
  const cases = await deliveryCases({
    server,
    uncached,
    nginx,
    text,
    templateId: await createSnippet(server, TEMPLATE),
    textId: await createSnippet(server, text),
  });

  console.log(
    `# Delivery\n\n${machineFacts({ load: load.name, placement: coresFact, ...mapToText(options) })}\n`,
  );
  console.log("CPU is user and system time of the server's process with all its threads, by request.");
  console.log("Ratios are medians over the rounds, with the least and the greatest. What other programs did");
  console.log("meanwhile is told below each table: the less, the better the numbers.\n");
  const summary: string[][] = [];
  for (const { title, targeted, start, notes } of cases) {
    const { contenders, stop } = await start();
    const samples = await race(contenders, load, options).finally(stop);
    const [own, bare] = [samples[0]!, samples[1]!];
    const ratio = median(cpuRatios(own, bare));
    const verdict = targeted ? reached(ratio, TARGET) : "no target";
    const names = contenders.map(({ name }) => name);
    console.log(`## ${title}\n\n${raceTable(names, samples, 1)}\n\n${disturbance(samples)}\n`);
    for (const note of notes?.() ?? []) console.log(`${note}\n`);
    summary.push([title, spread(cpuRatios(own, bare)), spread(cpuRatios(own, samples[2]!)), verdict]);
  }
  const head = ["case", "CPU to bare", "CPU to bare with the same headers", "target"];
  console.log(`## Summary\n\n${markdownTable(head, summary)}`);
} finally {
  for (const stop of stops) await stop();
  temporary.remove();
}

function mapToText(numbers: Record<string, number>): Record<string, string> {
  return Object.fromEntries(Object.entries(numbers).map(([name, value]) => [name, String(value)]));
}
