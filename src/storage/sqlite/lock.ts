import { Database, SQLiteError } from "bun:sqlite";
import { join } from "node:path";
import { conflict } from "../../error.ts";

/**
 * Holds a data folder for one process. The lock is SQLite's own on a file beside the database, so the system
 * lets go of it when the process ends, in whatever way.
 *
 * Throws `conflict` if another process holds it, SQLite's error if the file cannot be made.
 */
export function lockFolder(folder: string): { release(): void } {
  const db = new Database(join(folder, "server.lock"), { create: true, readwrite: true });
  try {
    db.run("PRAGMA journal_mode = MEMORY");
    db.run("BEGIN EXCLUSIVE");
  } catch (cause) {
    db.close();
    if (!(cause instanceof SQLiteError && cause.code?.startsWith("SQLITE_BUSY"))) throw cause;
    throw conflict(`another margay runs on ${folder}: stop it first, or choose another DATA_DIR`);
  }
  return { release: () => db.close() };
}
