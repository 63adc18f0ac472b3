import { loadConfig } from "../config.ts";
import { AppError } from "../error.ts";
import { createLog } from "../log.ts";
import { admin } from "./admin.ts";
import { type Command, UsageError } from "./command.ts";
import { exportAll } from "./export.ts";
import { get } from "./get.ts";
import { importAll } from "./import.ts";
import { put } from "./put.ts";
import { serve } from "./serve.ts";
import { version } from "./version.ts";

const COMMANDS = new Map<string, Command>([
  ["serve", serve],
  ["admin", admin],
  ["put", put],
  ["get", get],
  ["export", exportAll],
  ["import", importAll],
  ["version", version],
]);

const USAGE = `margay: the backend of a static site in one executable

  margay [serve]                     run both planes
  margay put [FILE] [--title T] [--type MIME] [--id ID]
                                     upload a file or standard input, print its link
  margay get ID                      print a snippet's current text, as it was put
  margay export [FILE]               write everything as NDJSON, beside a running server too
  margay import [FILE]               read what export wrote, all or nothing
  margay admin promote|demote|list [USER]
                                     who is an admin
  margay version

Settings come from the environment and from .env in the current folder; the README lists them.
`;

/** Runs one command line; resolves to the exit code: 0 done, 1 failed, 2 not understood. */
export async function run(argv: string[], stop: AbortSignal): Promise<number> {
  const [name = "serve", ...args] = argv;
  const log = createLog();
  if (["help", "--help", "-h"].includes(name) || args.includes("--help")) {
    await print(USAGE);
    return 0;
  }
  const command = COMMANDS.get(name === "--version" ? "version" : name);
  try {
    if (!command) throw new UsageError(`there is no command ${JSON.stringify(name)}`);
    await command({ args, config: loadConfig, log, stop, print });
    return 0;
  } catch (error) {
    // Whoever reads our output has had enough, as in `margay export | head`.
    if ((error as { code?: unknown }).code === "EPIPE") return 0;
    if (error instanceof UsageError) {
      process.stderr.write(`margay: ${error.message}\n\n${USAGE}`);
      return 2;
    }
    if (error instanceof AppError && error.code !== "internal") {
      process.stderr.write(`margay: ${error.message}\n`);
    } else log.error(`margay ${name} failed`, error);
    return 1;
  }
}

/** Writes to standard output; resolves when it is written, so that a slow reader slows us down. */
function print(text: string | Uint8Array): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once("error", reject);
    process.stdout.write(text, (error) => {
      process.stdout.off("error", reject);
      if (error) reject(error);
      else resolve();
    });
  });
}
