import { constants, Database, SQLiteError } from "bun:sqlite";
import { accessSync, existsSync, constants as mode, statSync } from "node:fs";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";
import { type BunSQLiteDatabase, drizzle } from "drizzle-orm/bun-sqlite";
import { AppError, unavailable } from "../../error.ts";

export type Sqlite = BunSQLiteDatabase & { $client: Database };

/** How long a writer waits for another process that writes, in milliseconds: `admin` beside a server. */
const BUSY_TIMEOUT = 5_000;

/** Opens the one connection that writes. Acknowledged means on disk: WAL with `synchronous=FULL`. */
export function openForWriting(file: string): Sqlite {
  const client = new Database(file, { readwrite: true, create: true, strict: true });
  client.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  client.run("PRAGMA journal_mode = WAL");
  client.run("PRAGMA synchronous = FULL");
  client.run("PRAGMA foreign_keys = ON");
  return drizzle(client);
}

/**
 * Opens a connection that cannot write. In WAL mode readers never wait for the writer, so the event loop
 * never waits for a lock.
 */
export function openForReading(file: string): Sqlite {
  const client = new Database(...readingArguments(file));
  client.run(`PRAGMA busy_timeout = ${BUSY_TIMEOUT}`);
  client.run("PRAGMA query_only = ON");
  // Pages come from the system's page cache without a system call each.
  client.run("PRAGMA mmap_size = 1073741824");
  return drizzle(client);
}

function readingArguments(file: string): ConstructorParameters<typeof Database> {
  const log = `${file}-wal`;
  const hasLog = existsSync(log) && statSync(log).size > 0;
  if (hasLog || isWritable(file)) return [file, { readonly: true, strict: true }];
  // Even a reader of a WAL database makes files beside it, unless told that nobody can change it.
  const { href } = pathToFileURL(file);
  return [`${href}?immutable=1`, constants.SQLITE_OPEN_READONLY | constants.SQLITE_OPEN_URI];
}

/** Whether a database can be written: its file, and the files that SQLite keeps beside it. */
export function isWritable(file: string): boolean {
  try {
    accessSync(dirname(file), mode.W_OK);
    if (existsSync(file)) accessSync(file, mode.W_OK);
    return true;
  } catch {
    return false;
  }
}

/** An error of a driver's call in the terms of the ports. `doing` is what the call could not do. */
export function toAppError(error: unknown, doing: "read" | "written" = "read"): AppError {
  if (error instanceof AppError) return error;
  const cause = sqliteErrorIn(error);
  if (!cause) return new AppError("internal", "internal error", { cause: error });
  const code = cause.code ?? "";
  if (code === "SQLITE_CONSTRAINT_UNIQUE" || code === "SQLITE_CONSTRAINT_PRIMARYKEY") {
    return new AppError("conflict", "this exists already", { cause });
  }
  if (code === "SQLITE_FULL") {
    return unavailable("the disk is full: nothing can be stored until there is room", cause);
  }
  if (code.startsWith("SQLITE_READONLY")) {
    return unavailable("the database is read-only: nothing can be stored", cause);
  }
  if (code.startsWith("SQLITE_BUSY")) return unavailable("the database is busy: try again", cause);
  if (/^SQLITE_(IOERR|CANTOPEN|CORRUPT|NOTADB|NOMEM|PERM|AUTH)/.test(code)) {
    return unavailable(`the database cannot be ${doing}`, cause);
  }
  return new AppError("internal", "internal error", { cause });
}

/** SQLite's error behind another one: drizzle wraps what the client throws. */
export function sqliteErrorIn(error: unknown): SQLiteError | null {
  for (let e: unknown = error; e instanceof Error; e = e.cause) if (e instanceof SQLiteError) return e;
  return null;
}
