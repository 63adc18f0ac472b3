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
      args: withoutHyphenIds(args, options),
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

/** An id may begin with a hyphen; where it does, it must not look like an option. */
function withoutHyphenIds(args: string[], options: readonly string[]): string[] {
  const joined: string[] = [];
  const ids: string[] = [];
  for (let i = 0; i < args.length; i++) {
    const arg = args[i]!;
    const takesValue = options.some((name) => arg === `--${name}`) && i + 1 < args.length;
    if (takesValue) joined.push(`${arg}=${args[++i]}`);
    else if (/^-[\w-]{63}$/.test(arg)) ids.push(arg);
    else joined.push(arg);
  }
  return ids.length > 0 ? [...joined, "--", ...ids] : joined;
}
