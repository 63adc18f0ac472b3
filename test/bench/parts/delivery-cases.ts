import { createSnippet, type RunningServer } from "../../server.ts";
import { type BareAnswer, type Peer, startBare } from "./bare.ts";
import { startWrites, type WriteCount } from "./paced-writes.ts";
import { type Probed, probe } from "./probe.ts";
import type { Contender } from "./race.ts";
import type { Requests } from "./requests.ts";
import { CHANGING_QUERY, makeTemplate, QUERY } from "./texts.ts";

export interface DeliveryCase {
  title: string;
  targeted: boolean;
  /** The program first, then a bare server, then a bare server with the program's headers, then others. */
  start(): Promise<{ contenders: Contender[]; stop(): Promise<void> }>;
  /** What else is to be told of the case when it is over. */
  notes?(): string[];
}

export interface DeliverySetup {
  server: RunningServer;
  /** One whose cache holds nothing. */
  uncached: RunningServer;
  nginx: Peer | null;
  templateId: string;
  textId: string;
  text: string;
}

const WRITES_PER_SECOND = 200;
/** Headers that `Bun.serve` sets by itself. */
const OWN_HEADERS = ["content-length", "date"];

export async function deliveryCases(setup: DeliverySetup): Promise<DeliveryCase[]> {
  const { server, uncached, nginx, templateId, textId } = setup;
  const program = (requests: Requests, status = 200, on = server): Contender => ({
    name: "margay",
    origin: on.data,
    requests: () => requests,
    status,
    processes: () => [on.pid],
  });
  const versusBare = (own: Contender, others: (Contender | null)[] = []) => startBeside(own, others);
  const byNginx = (requests: Requests, name: string, status = 200): Contender | null =>
    nginx && { ...program(requests, status), name, origin: nginx.origin, processes: nginx.processes };

  const same = { paths: [`/${templateId}?${QUERY}`] };
  const changing = { paths: [`/${templateId}?${CHANGING_QUERY}`] };
  const plain = { paths: [`/${textId}`] };
  const forged = { paths: [`/${(templateId[0] === "A" ? "B" : "A") + templateId.slice(1)}`] };
  const { headers } = await probe(server.data, same);
  const known = { ...same, headers: { "If-None-Match": headers.etag! } };
  const loads = { paths: await storeMany(uncached, 1_000) };
  const edited = await storeMany(server, 50);
  const written: WriteCount = { writes: 0, seconds: 0 };
  const writing: Contender = {
    ...program(same),
    name: "margay, written to",
    beside: () =>
      startWrites(
        server,
        edited.map((path) => path.slice(1, 65)),
        WRITES_PER_SECOND,
        written,
      ),
  };

  return [
    {
      title: "1. 1 KB with two variables, the same query",
      targeted: true,
      start: () => versusBare(program(same), [byNginx({ paths: [`/template?${QUERY}`] }, "nginx, includes")]),
    },
    {
      title: "1b. 1 KB with two variables, a new query each time",
      targeted: true,
      start: () =>
        versusBare(program(changing), [
          byNginx({ paths: [`/template?${CHANGING_QUERY}`] }, "nginx, includes"),
        ]),
    },
    {
      title: "2. 20 KB without variables",
      targeted: true,
      start: () => versusBare(program(plain), [byNginx({ paths: ["/text"] }, "nginx, file")]),
    },
    {
      title: "3. 304 by If-None-Match",
      targeted: true,
      async start() {
        const etag = nginx && (await probe(nginx.origin, { paths: ["/text"] })).headers.etag!;
        const nginxKnows = { paths: ["/text"], headers: { "If-None-Match": etag ?? "" } };
        return versusBare(program(known, 304), [byNginx(nginxKnows, "nginx, file", 304)]);
      },
    },
    {
      title: "4. a forged id",
      targeted: true,
      start: () =>
        versusBare(program(forged, 404), [byNginx({ paths: ["/missing"] }, "nginx, no file", 404)]),
    },
    {
      title: "5. 1 KB with two variables, loaded each time (CACHE_BYTE_BUDGET=0)",
      targeted: false,
      start: () => versusBare(program(loads, 200, uncached)),
    },
    {
      title: `6. as 1, with ${WRITES_PER_SECOND} writes a second to other snippets`,
      targeted: false,
      start: () => versusBare(writing, [{ ...program(same), name: "margay, only read" }]),
      notes: () => [`${(written.writes / written.seconds).toFixed(0)} writes a second were made.`],
    },
  ];
}

/** The program and others, with bare servers whose answer is the program's. */
async function startBeside(own: Contender, others: (Contender | null)[]) {
  const answer = await probe(own.origin, own.requests(0));
  const [bare, dressed] = [
    await startBare(bareAnswer(answer, null)),
    await startBare(bareAnswer(answer, headersOf(answer))),
  ];
  const peer = (name: string, { origin, processes }: Peer): Contender => ({
    ...own,
    name,
    origin,
    processes,
    beside: undefined,
  });
  const contenders = [own, peer("bare", bare), peer("bare, same headers", dressed)];
  for (const other of others) if (other) contenders.push(other);
  const stop = async () => {
    await bare.stop();
    await dressed.stop();
  };
  try {
    for (const contender of contenders) await mustAnswer(contender, answer);
  } catch (error) {
    await stop();
    throw error;
  }
  return { contenders, stop };
}

function bareAnswer({ status, body }: Probed, headers: BareAnswer["headers"]): BareAnswer {
  return { status, body: status === 304 ? null : body, headers };
}

function headersOf({ headers }: Probed): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OWN_HEADERS.includes(name)));
}

/** A comparison is of the same work: the same status, and of what is found the same bytes. */
async function mustAnswer({ name, origin, requests }: Contender, { status, body }: Probed): Promise<void> {
  const answer = await probe(origin, requests(0));
  if (answer.status !== status) throw new Error(`${name} answers ${answer.status}, not ${status}`);
  if (status === 200 && answer.body !== body) throw new Error(`${name} answers another text`);
}

/** Stores so many templates and returns the paths that ask for them. */
async function storeMany(server: RunningServer, count: number): Promise<string[]> {
  const paths: string[] = [];
  for (let n = 0; n < count; n++) {
    // Numbers of the same length make texts of the same length.
    const id = await createSnippet(server, makeTemplate(100_000 + n));
    paths.push(`/${id}?${QUERY}`);
  }
  return paths;
}
