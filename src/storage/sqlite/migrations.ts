import { join } from "node:path";
import { migrate } from "drizzle-orm/bun-sqlite/migrator";
import { readMigrationFiles } from "drizzle-orm/migrator";
import { assetPath } from "../../assets.ts";
import { conflict } from "../../error.ts";
import type { Sqlite } from "./database.ts";
import { lockFile } from "./lock.ts";

const migrationsFolder = assetPath("drizzle/sqlite");

/**
 * Brings the schema up to date. Several processes may call it at once. Throws `conflict` if a newer version
 * of the program has been here.
 */
export function applyMigrations(db: Sqlite, folder: string): void {
  // Drizzle looks what there is to do before it begins its transaction.
  const lock = lockFile(join(folder, "migration.lock"), { wait: 5_000 });
  try {
    refuseNewer(db);
    migrate(db, { migrationsFolder });
  } finally {
    lock.release();
  }
}

/** Throws `conflict` if the database has migrations that this program does not know. */
export function refuseNewer(db: Sqlite): void {
  const table = db.$client.query("SELECT 1 FROM sqlite_master WHERE name = '__drizzle_migrations'").get();
  if (!table) return;
  const applied = db.$client
    .query<{ newest: number | null }, []>("SELECT max(created_at) AS newest FROM __drizzle_migrations")
    .get();
  const known = Math.max(...readMigrationFiles({ migrationsFolder }).map(({ folderMillis }) => folderMillis));
  if ((applied?.newest ?? 0) > known) {
    throw conflict(
      `${db.$client.filename} was brought up to date by a newer version of margay: use that one`,
    );
  }
}
