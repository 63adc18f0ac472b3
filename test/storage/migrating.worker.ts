import { parentPort, workerData } from "node:worker_threads";
import { openForWriting } from "../../src/storage/sqlite/database.ts";
import { applyMigrations } from "../../src/storage/sqlite/migrations.ts";

/** Applies the migrations to a database as another process would; tells when it begins, and what went wrong. */
const { file, folder } = workerData as { file: string; folder: string };
const db = openForWriting(file);
parentPort!.postMessage("begins");
try {
  applyMigrations(db, folder);
  parentPort!.postMessage("done");
} catch (error) {
  parentPort!.postMessage(`failed: ${(error as Error).cause ?? error}`);
}
db.$client.close();
