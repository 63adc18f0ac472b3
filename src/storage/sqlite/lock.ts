import { Database } from "bun:sqlite";
import { conflict } from "../../error.ts";
import { sqliteErrorIn } from "./database.ts";

/**
 * Holds a file for one process. The lock is SQLite's own, so the system lets go of it when the process ends,
 * in whatever way.
 *
 * Throws `conflict` if another process still holds it after `wait` milliseconds, SQLite's error if the file
 * cannot be made.
 */
export function lockFile(file: string, { wait }: { wait: number }): { release(): void } {
  const db = new Database(file, { create: true, readwrite: true });
  try {
    db.run(`PRAGMA busy_timeout = ${wait}`);
    db.run("PRAGMA journal_mode = MEMORY");
    db.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    if (!sqliteErrorIn(cause)?.code?.startsWith("SQLITE_BUSY")) throw cause;
    throw conflict(`another process holds ${file}`);
  }
  return { release: () => db.close() };
}
