import { randomBytes } from "node:crypto";
import { createWriteStream, existsSync, realpathSync, renameSync, rmSync, statSync } from "node:fs";
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

/**
 * Writes a file under another name first, so that an export that fails leaves the one that was there. What is no
 * plain file, as a pipe, is written to as it is.
 */
async function writeWhole(file: string, lines: AsyncIterable<string>): Promise<void> {
  try {
    const target = existsSync(file) ? realpathSync(file) : file;
    if (existsSync(target) && !statSync(target).isFile()) {
      await pipeline(Readable.from(lines), createWriteStream(target, { flags: "a" }));
      return;
    }
    const draft = `${target}.${randomBytes(6).toString("hex")}`;
    try {
      // It holds everything, so it is for its owner alone.
      await pipeline(
        Readable.from(lines),
        createWriteStream(draft, { flags: "wx", mode: 0o600, flush: true }),
      );
      renameSync(draft, target);
    } finally {
      rmSync(draft, { force: true });
    }
  } catch (error) {
    if (!(error as { syscall?: unknown }).syscall) throw error;
    throw invalid(`${file} cannot be written: ${(error as Error).message}`);
  }
}
