import { createWriteStream, renameSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { openStorage, signingSecret } from "../app.ts";
import { invalid } from "../error.ts";
import { createIds } from "../snippets/id.ts";
import { formatArchive } from "../storage/ndjson.ts";
import { type Command, parse } from "./command.ts";

/** Writes everything as one NDJSON stream, to a file or standard output. A server may run meanwhile. */
export const exportAll: Command = async ({ args, config: loadConfig, log, print }) => {
  const { positionals } = parse(args, [], 1);
  const [file] = positionals;
  const config = loadConfig();
  const storage = openStorage(config, log, { exclusive: false });
  try {
    const ids = await createIds(signingSecret(config).secret);
    const lines = formatArchive(storage.archive.read(), ids);
    if (file === undefined || file === "-") for await (const line of lines) await print(line);
    else await writeWhole(file, lines);
  } finally {
    await storage.close();
  }
};

/** Writes a file under another name first: an export that fails leaves the one that was there. */
async function writeWhole(file: string, lines: AsyncIterable<string>): Promise<void> {
  const draft = `${file}.new`;
  try {
    await pipeline(Readable.from(lines), createWriteStream(draft));
    renameSync(draft, file);
  } catch (error) {
    rmSync(draft, { force: true });
    if (!(error as { code?: unknown }).code || !(error as { syscall?: unknown }).syscall) throw error;
    throw invalid(`${file} cannot be written: ${(error as Error).message}`);
  }
}
