import { parentPort, workerData } from "node:worker_threads";
import type { AppError } from "../../error.ts";
import { openForWriting, type Sqlite, sqliteErrorIn, toAppError } from "./database.ts";
import type { Job, Outcome } from "./writer.ts";
import { bindWrites, type Writes } from "./writes.ts";

/**
 * The writer's thread. It holds the only connection of the process that writes, and does one batch of jobs a
 * message: an immediate transaction, a savepoint for each job, one commit.
 */
const { file } = workerData as { file: string };
let connection: { db: Sqlite; writes: Writes } | null = null;

parentPort!.on("message", (message: Job[] | "close") => {
  if (message !== "close") return parentPort!.postMessage(runBatch(message));
  if (connection) close(connection.db);
  parentPort!.close();
});

/** Folds the write-ahead log into the database, which SQLite itself does only when no statement is held any more. */
function close({ $client }: Sqlite): void {
  try {
    $client.run("PRAGMA wal_checkpoint(TRUNCATE)");
  } catch {
    // On a full disk, for one. Nothing is lost: the log is read at the next start.
  }
  $client.close();
}

function runBatch(jobs: Job[]): Outcome[] {
  try {
    // Opened at the first write, and again after a failure to open: a read-only database may become writable.
    connection ??= open();
    const { db, writes } = connection;
    db.$client.run("BEGIN IMMEDIATE");
    try {
      const outcomes = jobs.map((job) => runJob(db, writes, job));
      db.$client.run("COMMIT");
      return outcomes;
    } finally {
      if (db.$client.inTransaction) db.$client.run("ROLLBACK");
    }
  } catch (error) {
    // Nothing of this batch is stored.
    if (sqliteErrorIn(error)?.code?.startsWith("SQLITE_READONLY")) reopen();
    return jobs.map(() => failure(error));
  }
}

/** Where SQLite could not open a file for writing, its connection never can: the next batch gets another. */
function reopen() {
  if (connection) close(connection.db);
  connection = null;
}

function open() {
  const db = openForWriting(file);
  return { db, writes: bindWrites(db) };
}

function runJob(db: Sqlite, writes: Writes, { name, args }: Job): Outcome {
  db.$client.run("SAVEPOINT job");
  try {
    const written = (writes[name] as (...args: unknown[]) => Outcome)(...args);
    db.$client.run("RELEASE job");
    return written;
  } catch (error) {
    // A full disk ends the whole transaction, and with it what the jobs before this one did.
    if (!db.$client.inTransaction) throw error;
    db.$client.run("ROLLBACK TO job");
    db.$client.run("RELEASE job");
    return failure(error);
  }
}

function failure(error: unknown): Outcome {
  const { code, message, cause }: AppError = toAppError(error, "written");
  return { error: { code, message, cause: cause instanceof Error ? (cause.stack ?? cause.message) : "" } };
}
