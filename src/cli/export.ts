import { openStorage, signingSecret } from "../app.ts";
import { createIds } from "../snippets/id.ts";
import { formatArchive } from "../storage/ndjson.ts";
import { type Command, parse } from "./command.ts";

/** Writes everything as one NDJSON stream, to a file or standard output. A server may run meanwhile. */
export const exportAll: Command = async ({ args, config: loadConfig, log, print }) => {
  const { positionals } = parse(args, [], 1);
  const config = loadConfig();
  const storage = openStorage(config, log, { exclusive: false });
  try {
    const ids = await createIds(signingSecret(config).secret);
    const lines = formatArchive(storage.archive.read(), ids);
    const [file] = positionals;
    const sink = file && file !== "-" ? Bun.file(file).writer() : null;
    for await (const line of lines) {
      if (sink) {
        sink.write(line);
        await sink.flush();
      } else await print(line);
    }
    await sink?.end();
  } finally {
    await storage.close();
  }
};
