#!/usr/bin/env bun
import { run } from "./cli/cli.ts";

// Whoever asks the process to stop, asks the command to end; a second time ends it at once.
const stop = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.on(signal, () => {
    if (stop.signal.aborted) process.exit(signal === "SIGINT" ? 130 : 143);
    stop.abort();
  });
}

process.exit(await run(process.argv.slice(2), stop.signal));
