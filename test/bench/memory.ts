import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { startServer, temporaryFolder } from "../server.ts";
import { numbersFrom } from "./parts/arguments.ts";
import { measureCache } from "./parts/cache.ts";
import { type Filled, fill, SECRET } from "./parts/filled.ts";
import { chooseLoad } from "./parts/load.ts";
import { machineFacts } from "./parts/machine.ts";
import { ownBytes, residentBytes } from "./parts/processes.ts";
import { settled } from "./parts/settled.ts";
import { mebibytes } from "./parts/statistics.ts";
import { markdownTable } from "./parts/table.ts";
import { makeText, QUERY } from "./parts/texts.ts";

/*
 * What the cache really takes, beside what it counts, and what the executable takes: idle, after many requests,
 * and with a full cache.
 */

/** `mebibytes` is about what the measured entries take, without answers. */
const options = numbersFrom(process.argv.slice(2), { mebibytes: 48, requests: 100_000, connections: 32 });
const BUDGET = 32 * 2 ** 20;

interface Shape {
  title: string;
  bytes: number;
  /** Text that stands at the end, for each snippet. */
  ending: string;
  answers: number;
  valueLength: number;
}

const constant = { ending: "", answers: 4, valueLength: 8 };
const template = { ...constant, ending: " {{name}} {{port}}" };
const SHAPES: Shape[] = [
  { title: "300 B, two variables", bytes: 300, ...template },
  { title: "1 KB, two variables", bytes: 1_024, ...template },
  { title: "20 KB, two variables", bytes: 20_480, ...template },
  { title: "1 KB in UTF-16, two variables", bytes: 1_024, ...template, ending: "{{name}} {{port}} …" },
  { title: "1 KB, queries of 4 KB", bytes: 1_024, ...template, valueLength: 4_096 },
  { title: "300 B, no variable", bytes: 300, ...constant },
  { title: "1 KB, no variable", bytes: 1_024, ...constant },
  { title: "20 KB, no variable", bytes: 20_480, ...constant },
];

const temporary = temporaryFolder();
try {
  const load = chooseLoad(folderFor("load"));
  console.log(`# Memory\n\n${machineFacts({ load: load.name })}\n`);
  console.log("Memory is what is resident without mapped files; it and the heap are read after a full");
  console.log("collection. Counted is what the cache takes from its budget. Bytes each.\n");
  const rows: string[][] = [];
  for (const shape of SHAPES) rows.push(await measureShape(shape));
  const head = ["text", "entry: memory", "heap", "counted", "answer: memory", "heap", "counted"];
  console.log(`${markdownTable(head, rows)}\n`);

  const idle = await withServer(folderFor("idle"), {}, async () => {});
  const hot = await prepare("hot", SHAPES[1]!, 100);
  const busy = await withServer(hot.folder, {}, (origin) => askFor(origin, hot, options.requests));
  const used = [
    ["idle", mebibytes(idle.resident), mebibytes(idle.own)],
    [
      `after ${options.requests.toLocaleString("en")} requests for 100 snippets`,
      mebibytes(busy.resident),
      mebibytes(busy.own),
    ],
  ];
  console.log(`## The executable\n\n`);
  console.log(`${markdownTable(["state", "resident", "without mapped files"], used)}\n`);

  const full: string[][] = [];
  for (const i of [0, 1, 5, 7]) full.push(await measureFull(SHAPES[i]!));
  console.log(`## A full cache of ${mebibytes(BUDGET)}\n`);
  console.log(
    "More snippets than fit are asked for in turn, each twice with one query. What a running server takes",
  );
  console.log("includes what its collector has not yet given back.\n");
  const columns = ["text", "with the cache", "with CACHE_BYTE_BUDGET=0", "the cache's", "to the budget"];
  console.log(markdownTable(columns, full));
} finally {
  temporary.remove();
}

async function measureShape(shape: Shape): Promise<string[]> {
  const { title, bytes, answers, valueLength } = shape;
  const count = Math.ceil((options.mebibytes * 2 ** 20) / (2_000 + bytes + valueLength));
  const { folder, prefixes } = await prepare(`cache of ${title}`, shape, count);
  const prefixesFile = join(folder, "prefixes");
  await Bun.write(prefixesFile, prefixes);
  const { perEntry: entry, perAnswer: answer } = await measureCache(folder, {
    folder,
    prefixes: prefixesFile,
    answers,
    valueLength,
  });
  const cells = [entry, answer].flatMap(({ memory, heap, counted }) => [memory, heap, counted]);
  return [title, ...cells.map((n) => Math.round(n).toLocaleString("en"))];
}

async function measureFull(shape: Shape): Promise<string[]> {
  const count = Math.ceil(BUDGET / (2_000 + shape.bytes));
  const filled = await prepare(`full of ${shape.title}`, shape, 2 * count);
  const ask = (origin: string) => askFor(origin, filled, 4 * filled.count);
  const cached = await withServer(filled.folder, { CACHE_BYTE_BUDGET: String(BUDGET) }, ask);
  const uncached = await withServer(filled.folder, { CACHE_BYTE_BUDGET: "0" }, ask);
  const own = cached.own - uncached.own;
  return [shape.title, ...[cached.own, uncached.own, own].map(mebibytes), (own / BUDGET).toFixed(2)];
}

async function prepare(name: string, { bytes, ending }: Shape, count: number) {
  const folder = folderFor(name);
  const length = bytes - Buffer.byteLength(ending);
  const contentOf = (place: number) => makeText(length, 1_000_000_000 + place) + ending;
  return { ...(await fill(folder, count, contentOf)), folder };
}

async function withServer(
  folder: string,
  env: Record<string, string>,
  use: (origin: string) => Promise<void>,
): Promise<{ resident: number; own: number }> {
  const server = await startServer("executable", folder, { env: { ID_SIGNING_SECRET: SECRET, ...env } });
  try {
    await use(server.data);
    const own = await settled(() => ownBytes(server.pid), 1_000);
    return { resident: residentBytes(server.pid), own };
  } finally {
    await server.stop();
  }
}

/** Asks for all snippets in turn until so many requests were answered. */
async function askFor(origin: string, { count, idOf }: Filled, requests: number): Promise<void> {
  const load = chooseLoad(folderFor(`load-${crypto.randomUUID()}`));
  // Each twice in a row: what is asked for once is not kept as an answer.
  const paths = Array.from({ length: 2 * count }, (_, i) => `/${idOf(i >> 1)}?${QUERY}`);
  for (let answered = 0; answered < requests; ) {
    const options_ = { connections: options.connections, seconds: 2, from: 0 };
    const result = await load.run(origin, { paths }, options_);
    if (result.refused > 0 || result.broken > 0) throw new Error("some answers were not the right ones");
    answered += result.requests;
  }
}

function folderFor(name: string): string {
  const path = join(temporary.path, name.replaceAll(/\W+/g, "-"));
  mkdirSync(path);
  return path;
}
