import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { createChangeFeed } from "../changes.ts";
import type { Storage } from "../storage.ts";
import { createArchive } from "./archive.ts";
import { applyMigrations, openForReading, openForWriting, toAppError } from "./database.ts";
import { createDeliveryStore } from "./delivery.ts";
import { lockFolder } from "./lock.ts";
import { createSnippetStore } from "./snippets.ts";
import { createUserStore } from "./users.ts";
import { createWriter, type QueueLimits } from "./writer.ts";

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
 * Opens the embedded database and brings its schema up to date. Rejects with `conflict` if another process has
 * the folder for itself, with `unavailable` if there is no database that can be read. A database that cannot
 * be written is served for reading.
 */
export function openSqlite({ folder, exclusive, queueLimits, warn, onFault }: SqliteOptions): Storage {
  const file = join(folder, "margay.db");
  let lock: { release(): void } | null = null;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (exclusive) lock = lockFolder(folder);
    const db = openForWriting(file);
    try {
      applyMigrations(db);
    } finally {
      db.$client.close();
    }
  } catch (cause) {
    const error = toAppError(cause);
    if (error.code === "conflict" || !existsSync(file)) {
      lock?.release();
      throw error;
    }
    warn(`${file} cannot be written, it is served for reading only: ${error.message}`);
  }

  const feed = createChangeFeed();
  const writer = createWriter({ file, limits: queueLimits, publish: feed.publish, onFault });
  const reading = openForReading(file);
  const delivering = openForReading(file);

  return {
    snippets: withAppErrors(createSnippetStore(reading, writer)),
    delivery: withAppErrors(createDeliveryStore(delivering)),
    users: withAppErrors(createUserStore(reading, writer)),
    changes: feed,
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
      reading.$client.close();
      delivering.$client.close();
      await writer.close();
      lock?.release();
    },
  };
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
