import { parseArgs } from "node:util";
import type { Config } from "../config.ts";
import type { Log } from "../log.ts";

/** What a command gets. `config` reads the settings when it is called: `help` needs none. */
export interface Context {
  args: string[];
  config(): Config;
  log: Log;
  /** Aborted when the process is asked to stop. */
  stop: AbortSignal;
  /** Writes to standard output. */
  print(text: string | Uint8Array): Promise<void>;
}

/** Does its work and resolves; rejects with an `AppError` whose message is shown, or a `UsageError`. */
export type Command = (context: Context) => Promise<void>;

/** The command line was not understood. */
export class UsageError extends Error {}

/** Splits a command's arguments into `--name value` options and the rest. Throws a `UsageError`. */
export function parse<Option extends string>(
  args: string[],
  options: readonly Option[],
  maxPositionals: number,
): { values: Partial<Record<Option, string>>; positionals: string[] } {
  try {
    const parsed = parseArgs({
      args,
      options: Object.fromEntries(options.map((name) => [name, { type: "string" as const }])),
      allowPositionals: true,
    });
    if (parsed.positionals.length > maxPositionals) {
      throw new UsageError(`unexpected argument ${JSON.stringify(parsed.positionals[maxPositionals])}`);
    }
    return { values: parsed.values as Partial<Record<Option, string>>, positionals: parsed.positionals };
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}
