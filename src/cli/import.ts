import { createReadStream } from "node:fs";
import { createInterface } from "node:readline";
import { openStorage, signingSecret } from "../app.ts";
import { createIds } from "../snippets/id.ts";
import { parseArchive } from "../storage/ndjson.ts";
import { type Command, parse } from "./command.ts";

/** Reads what `export` wrote, from a file or standard input: all of it or nothing. No server may run on the data. */
export const importAll: Command = async ({ args, config: loadConfig, log, print }) => {
  const { positionals } = parse(args, [], 1);
  const config = loadConfig();
  const storage = openStorage(config, log, { exclusive: true });
  try {
    const ids = await createIds(signingSecret(config).secret);
    const [file] = positionals;
    const input = file && file !== "-" ? createReadStream(file) : process.stdin;
    const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
    const { users, snippets, versions, skipped } = await storage.archive.write(parseArchive(lines, ids));
    await print(
      `imported ${snippets} snippets with ${versions} versions and ${users} users` +
        `${skipped > 0 ? `; ${skipped} snippets were here already and stay as they are` : ""}\n`,
    );
  } finally {
    await storage.close();
  }
};
