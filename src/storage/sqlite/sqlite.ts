import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { AppError, conflict, unavailable } from "../../error.ts";
import { createChangeFeed } from "../changes.ts";
import type { Storage } from "../storage.ts";
import { createArchive } from "./archive.ts";
import { isWritable, openForReading, openForWriting, sqliteErrorIn, toAppError } from "./database.ts";
import { createDeliveryStore } from "./delivery.ts";
import { lockFile } from "./lock.ts";
import { applyMigrations, refuseNewer } from "./migrations.ts";
import { createSnippetStore } from "./snippets.ts";
import { createUserStore } from "./users.ts";
import { createRefusingWriter, createWriter, type QueueLimits, type Writer } from "./writer.ts";

export interface SqliteOptions {
  /** Folder of the database; made if it is missing. */
  folder: string;
  /** Take the folder for this process alone. Others may still read, and write beside it. */
  exclusive: boolean;
  queueLimits: QueueLimits;
  /** Told in one sentence what works less well than it should. */
  warn(message: string): void;
  /** Told of what should never happen. */
  onFault(message: string, cause: unknown): void;
}

/**
 * Opens the embedded database and brings its schema up to date. A database that cannot be written is served
 * for reading.
 *
 * Throws `conflict` if another process has the folder for itself or a newer version of the program has been
 * here, `unavailable` if the folder cannot be used or what is in it cannot be read.
 */
export function openSqlite({ folder, exclusive, queueLimits, warn, onFault }: SqliteOptions): Storage {
  const file = join(folder, "margay.db");
  makeFolder(folder);
  const writable = isWritable(file);
  const lock = writable && exclusive ? lockFolder(folder) : null;
  try {
    if (writable) prepare(file, folder, warn);
    const feed = createChangeFeed();
    const writer = writable
      ? createWriter({ file, limits: queueLimits, publish: feed.publish, onFault })
      : createRefusingWriter();
    const stores = bindStores(file, writer, lock);
    if (!writable) warn(`${file} cannot be written: it is served for reading until the next start`);
    return { ...stores, changes: feed };
  } catch (cause) {
    lock?.release();
    throw inFile(file, cause);
  }
}

function bindStores(
  file: string,
  writer: Writer,
  lock: { release(): void } | null,
): Omit<Storage, "changes"> {
  const reading = openForReading(file);
  const delivering = openForReading(file);
  refuseNewer(reading);
  return {
    snippets: withAppErrors(createSnippetStore(reading, writer)),
    delivery: withAppErrors(createDeliveryStore(delivering)),
    users: withAppErrors(createUserStore(reading, writer)),
    archive: createArchive(file),
    async ping() {
      try {
        delivering.$client.query("SELECT 1 FROM snippets LIMIT 1").get();
      } catch (error) {
        throw toAppError(error);
      }
    },
    async close() {
      // The writer is the last, so that it can fold the write-ahead log into the database.
      await writer.drain();
      reading.$client.close();
      delivering.$client.close();
      await writer.close();
      lock?.release();
    },
  };
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (cause) {
    // A read-only folder that exists is no error; SQLite's own messages tell the rest.
    if (!existsSync(folder) || !statSync(folder).isDirectory()) {
      throw unavailable(`${folder} cannot be the data folder: ${(cause as Error).message}`, cause);
    }
  }
}

function lockFolder(folder: string): { release(): void } {
  try {
    return lockFile(join(folder, "server.lock"), { wait: 0 });
  } catch (cause) {
    if (!(cause instanceof AppError)) throw inFile(join(folder, "server.lock"), cause);
    throw conflict(`another margay runs on ${folder}: stop it first, or choose another DATA_DIR`);
  }
}

/** Makes or updates the database. On a full disk what is there is served as it is. */
function prepare(file: string, folder: string, warn: (message: string) => void): void {
  try {
    const db = openForWriting(file);
    try {
      applyMigrations(db, folder);
    } finally {
      db.$client.close();
    }
  } catch (cause) {
    if (!/^SQLITE_(FULL|IOERR)/.test(sqliteErrorIn(cause)?.code ?? "") || !existsSync(file)) throw cause;
    warn(`${file} cannot be brought up to date: ${toAppError(cause, "written").message}`);
  }
}

/** What went wrong with a file at the start: in one sentence that names it. */
function inFile(file: string, cause: unknown): AppError {
  if (cause instanceof AppError) return cause;
  const sqlite = sqliteErrorIn(cause);
  return sqlite
    ? unavailable(`${file} is no database that can be used: ${sqlite.message}`, cause)
    : toAppError(cause);
}

/** The same port, whose methods reject with the errors that its comments name. */
function withAppErrors<Port extends object>(port: Port): Port {
  const methods = Object.entries(port as Record<string, (...args: never[]) => Promise<unknown>>);
  return Object.fromEntries(
    methods.map(([name, method]) => [
      name,
      async (...args: never[]) => {
        try {
          return await method(...args);
        } catch (error) {
          throw toAppError(error);
        }
      },
    ]),
  ) as Port;
}
