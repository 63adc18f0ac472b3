import { createReadStream } from "node:fs";
import { openStorage, signingSecret } from "../app.ts";
import { invalid } from "../error.ts";
import { createIds } from "../snippets/id.ts";
import { parseArchive } from "../storage/ndjson.ts";
import { type Command, parse } from "./command.ts";

const LINE_FEED = 0x0a;

/** Reads what `export` wrote, from a file or standard input: all of it or nothing. No server may run on the data. */
export const importAll: Command = async ({ args, config: loadConfig, log, print }) => {
  const { positionals } = parse(args, [], 1);
  const [file] = positionals;
  const config = loadConfig();
  const storage = openStorage(config, log, { exclusive: true });
  try {
    const ids = await createIds(signingSecret(config).secret);
    const input = file === undefined || file === "-" ? process.stdin : chunksOf(file);
    const { users, snippets, versions, skipped } = await storage.archive.write(
      parseArchive(linesOf(input), ids),
    );
    await print(
      `imported ${snippets} snippets with ${versions} versions and ${users} users` +
        `${skipped > 0 ? `; ${skipped} snippets were here already and stay as they are` : ""}\n`,
    );
  } finally {
    await storage.close();
  }
};

async function* chunksOf(file: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(file);
  } catch (error) {
    throw invalid(`${file} cannot be read: ${(error as Error).message}`);
  }
}

/** Lines as NDJSON has them: only a line feed ends one, unlike in node:readline, to which U+2028 is an end too. */
async function* linesOf(chunks: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  let number = 1;
  /** Pieces of a line whose end has not come yet. */
  let pieces: Uint8Array[] = [];
  const line = () => {
    try {
      return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(pieces));
    } catch {
      throw invalid(`line ${number}: this is not UTF-8`);
    }
  };
  for await (const chunk of chunks) {
    let rest = Buffer.from(chunk as Uint8Array);
    for (let end = rest.indexOf(LINE_FEED); end >= 0; end = rest.indexOf(LINE_FEED)) {
      pieces.push(rest.subarray(0, end));
      yield line();
      pieces = [];
      number++;
      rest = rest.subarray(end + 1);
    }
    pieces.push(rest);
  }
  const last = line();
  if (last !== "") yield last;
}
