import { describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { openForWriting } from "../../src/storage/sqlite/database.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { temporaryFolder } from "../server.ts";
import { storageContract } from "./contract.ts";
import { newSnippet, newText, newVersion, plain, rejection, stored, T0 } from "./samples.ts";
import { folderForEach, openIn } from "./sqlite-folder.ts";
import { commitsIn } from "./wal.ts";

storageContract("SQLite", async () => {
  const folder = temporaryFolder();
  const database = {
    storage: openIn(folder.path),
    async reopen() {
      await database.storage.close();
      database.storage = openIn(folder.path);
    },
    async dispose() {
      await database.storage.close();
      folder.remove();
    },
  };
  return database;
});

describe("SQLite", () => {
  const folder = folderForEach();

  describe("group commit", () => {
    test("writes one after the other are a commit each", async () => {
      const storage = folder.storage();
      const before = commitsIn(folder.file);
      for (let i = 0; i < 10; i++) await storage.snippets.create(newSnippet(), newVersion());
      expect(commitsIn(folder.file) - before).toBe(10);
    });

    test("writes that come together share commits", async () => {
      const storage = folder.storage();
      const before = commitsIn(folder.file);
      const created = Array.from({ length: 300 }, () => newSnippet());
      await Promise.all(created.map((snippet) => storage.snippets.create(snippet, newVersion())));
      expect(commitsIn(folder.file) - before).toBeLessThanOrEqual(3);
      for (const { prefix } of created) expect(await storage.snippets.find(prefix)).not.toBeNull();
    });

    test("a write that fails does not harm those that it shares a commit with", async () => {
      const storage = folder.storage();
      const { prefix } = await stored(storage, { title: "first" });
      const before = commitsIn(folder.file);
      const versions = Array.from({ length: 50 }, () => newVersion());
      const created = versions.map((_, i) => newSnippet(i % 10 === 5 ? { prefix } : {}));
      const codes = await Promise.all(
        created.map((snippet, i) => rejection(storage.snippets.create(snippet, versions[i]!))),
      );
      expect(codes).toEqual(created.map((snippet) => (snippet.prefix === prefix ? "conflict" : null)));
      expect(commitsIn(folder.file) - before).toBe(1);
      for (const [i, snippet] of created.entries()) {
        const content = await storage.snippets.version(snippet.prefix, versions[i]!.hash);
        expect(plain(content)).toBe(snippet.prefix === prefix ? null : plain(versions[i]!.content));
      }
      expect(await storage.snippets.find(prefix)).toMatchObject({ title: "first", historyCount: 1 });
    });
  });

  describe("the write queue", () => {
    test.each([
      ["jobs", { jobs: 5, bytes: 2 ** 26 }],
      ["bytes of contents", { jobs: 10_000, bytes: 50_500 }],
    ])("refuses what exceeds its limit of %s as unavailable, and no more", async (_, queueLimits) => {
      const storage = folder.storage({ queueLimits });
      const created = Array.from({ length: 40 }, () => newSnippet());
      const codes = await Promise.all(
        // Of 10,000 bytes each, and a few for prefix and hash.
        created.map((snippet) =>
          rejection(storage.snippets.create(snippet, newVersion(newText().padEnd(10_000)))),
        ),
      );
      expect(codes).toEqual(created.map((_, i) => (i < 5 ? null : "unavailable")));
      for (const [i, { prefix }] of created.entries()) {
        expect((await storage.snippets.find(prefix)) !== null).toBe(i < 5);
      }
      expect(await rejection(stored(storage))).toBeNull();
    });

    test("takes a content that is larger than its limit when nothing else waits", async () => {
      const storage = folder.storage({ queueLimits: { jobs: 5, bytes: 10 } });
      const { prefix } = await stored(storage, { texts: ["x".repeat(5_000)] });
      expect((await storage.delivery.deliverable(prefix))?.content.length).toBe(5_000);
    });

    test("rejects writes after close as unavailable, and can be closed again", async () => {
      const storage = openIn(folder.path);
      const { prefix } = await stored(storage);
      const closing = storage.close();
      expect(await rejection(storage.snippets.create(newSnippet(), newVersion()))).toBe("unavailable");
      await closing;
      expect(await rejection(storage.snippets.remove(prefix, T0))).toBe("unavailable");
      expect(await rejection(storage.users.setAdmin("ann", true, T0))).toBe("unavailable");
      await storage.close();
    });
  });

  describe("the archive", () => {
    test.each([
      ["to its end", async (storage: Storage) => Array.fromAsync(storage.archive.read())],
      [
        "in part",
        async (storage: Storage) => {
          for await (const _ of storage.archive.read()) break;
        },
      ],
    ])("leaves no reader behind when it was read %s, so that the log can be folded in", async (_, read) => {
      const storage = folder.storage();
      await stored(storage);
      await read(storage);
      const { $client } = openForWriting(folder.file);
      folder.closing($client);
      $client.run("PRAGMA busy_timeout = 0");
      expect($client.query("PRAGMA wal_checkpoint(TRUNCATE)").get()).toMatchObject({ busy: 0 });
    });

    test("is unavailable where there is no database any more", async () => {
      const storage = folder.storage();
      rmSync(folder.path, { recursive: true });
      const nothing = (async function* () {})();
      expect(await rejection(storage.archive.write(nothing))).toBe("unavailable");
      expect(await rejection(Array.fromAsync(storage.archive.read()))).toBe("unavailable");
    });
  });
});
