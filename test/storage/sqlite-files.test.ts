import { Database as Sqlite } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { copyFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import journal from "../../drizzle/sqlite/meta/_journal.json";
import { openForReading, openForWriting } from "../../src/storage/sqlite/database.ts";
import { lockFile } from "../../src/storage/sqlite/lock.ts";
import { temporaryFolder, until } from "../server.ts";
import { rejection, stored } from "./samples.ts";
import { folderForEach, openIn } from "./sqlite-folder.ts";

describe("SQLite", () => {
  const folder = folderForEach();

  describe("connections", () => {
    test("the one that writes has every commit on disk, and checks references", () => {
      const { $client } = openForWriting(folder.file);
      folder.closing($client);
      const pragma = (name: string) => Object.values($client.query(`PRAGMA ${name}`).get() as object)[0];
      expect(pragma("journal_mode")).toBe("wal");
      expect(pragma("synchronous")).toBe(2);
      expect(pragma("foreign_keys")).toBe(1);
      expect(pragma("busy_timeout")).toBeGreaterThan(0);
    });

    test("one for reading cannot write, whatever is asked of it", async () => {
      await stored(folder.storage());
      const { $client } = openForReading(folder.file);
      folder.closing($client);
      $client.run("PRAGMA query_only = OFF");
      for (const statement of [
        "DELETE FROM snippets",
        "CREATE TABLE mine (a)",
        "UPDATE users SET is_admin = 1",
      ]) {
        expect(() => $client.run(statement)).toThrow(/readonly/);
      }
      expect($client.query("SELECT count(*) AS n FROM snippets").get()).toEqual({ n: 1 });
    });
  });

  describe("migrations", () => {
    const applied = () => {
      const db = new Sqlite(folder.file, { readonly: true });
      const rows = db.query("SELECT hash FROM __drizzle_migrations").all();
      const schema = db.query("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
      db.close();
      return { rows, schema };
    };

    test("are applied once, however often the database is opened", async () => {
      await openIn(folder.path).close();
      const first = applied();
      expect(first.rows).toHaveLength(journal.entries.length);
      for (let i = 0; i < 3; i++) await openIn(folder.path).close();
      expect(applied()).toEqual(first);
    });

    test("of a newer program are respected: the database is refused, and stays as it is", async () => {
      await openIn(folder.path).close();
      const db = new Sqlite(folder.file);
      db.run("INSERT INTO __drizzle_migrations (hash, created_at) VALUES ('newer', ?)", [Date.UTC(9999, 0)]);
      db.close();
      const before = applied();
      expect(() => openIn(folder.path)).toThrow(expect.objectContaining({ code: "conflict" }));
      expect(applied()).toEqual(before);
    });

    test("are left alone by who comes while another process applies them", async () => {
      await openIn(folder.path).close();
      const model = new Sqlite(folder.file, { readonly: true });
      const schema = model
        .query<{ sql: string }, []>("SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL")
        .all();
      const rows = model
        .query<{ hash: string; created_at: number }, []>("SELECT * FROM __drizzle_migrations")
        .all();
      model.close();

      const contested = join(folder.path, "contested.db");
      const other = folder.closing(new Sqlite(contested, { create: true }));
      other.run("PRAGMA journal_mode = WAL");
      const isBookkeeping = ({ sql }: { sql: string }) => sql.includes("__drizzle_migrations");
      for (const { sql } of schema.filter(isBookkeeping)) other.run(sql);
      const lock = lockFile(join(folder.path, "migration.lock"), { wait: 0 });
      other.run("BEGIN IMMEDIATE");
      const worker = new Worker(new URL("migrating.worker.ts", import.meta.url), {
        workerData: { file: contested, folder: folder.path },
      });
      const told: unknown[] = [];
      worker.on("message", (message) => told.push(message));
      await until(() => told.length > 0);
      for (const each of schema) if (!isBookkeeping(each)) other.run(each.sql);
      const insert = other.query("INSERT INTO __drizzle_migrations (hash, created_at) VALUES (?, ?)");
      for (const { hash, created_at } of rows) insert.run(hash, created_at);
      // Time for the worker to run into the lock. Too little of it only makes this test less strict.
      await Bun.sleep(200);
      other.run("COMMIT");
      lock.release();
      await until(() => told.length > 1);
      expect(told).toEqual(["begins", "done"]);
      expect(other.query("SELECT hash, created_at FROM __drizzle_migrations").all()).toHaveLength(
        rows.length,
      );
      await worker.terminate();
    });
  });

  describe("the data folder", () => {
    test("belongs to one process for itself, until it is closed", async () => {
      const first = openIn(folder.path);
      expect(() => openIn(folder.path)).toThrow(/another margay runs/);
      const beside = openIn(folder.path, { exclusive: false });
      expect(await rejection(stored(beside))).toBeNull();
      await beside.close();
      await first.close();
      await openIn(folder.path).close();
    });

    test.each([
      ["no database", "this is a text file, and rather a long one".repeat(50)],
      ["cut short", "SQLite format 3\0"],
    ])("with a database file that is %s is refused as unavailable, and the file stays", (_, content) => {
      writeFileSync(folder.file, content);
      expect(() => openIn(folder.path)).toThrow(expect.objectContaining({ code: "unavailable" }));
      expect(readFileSync(folder.file, "utf8")).toBe(content);
    });

    test("holds everything in the database's one file after a close", async () => {
      const storage = openIn(folder.path);
      const { prefix } = await stored(storage, { title: "kept" });
      await storage.close();
      expect(existsSync(`${folder.file}-wal`) && readFileSync(`${folder.file}-wal`).length > 0).toBe(false);
      const copy = temporaryFolder();
      copyFileSync(folder.file, join(copy.path, "margay.db"));
      const copied = openIn(copy.path);
      expect(await copied.snippets.find(prefix)).toMatchObject({ title: "kept" });
      await copied.close();
      copy.remove();
    });
  });
});
