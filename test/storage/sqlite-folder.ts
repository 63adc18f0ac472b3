import { afterEach, beforeEach, expect } from "bun:test";
import { join } from "node:path";
import { openSqlite, type SqliteOptions } from "../../src/storage/sqlite/sqlite.ts";
import type { Storage } from "../../src/storage/storage.ts";
import { temporaryFolder } from "../server.ts";

/** Opens the SQLite driver in a folder; that it warns or finds fault with itself is a failure. */
export const openIn = (folder: string, options: Partial<SqliteOptions> = {}): Storage =>
  openSqlite({
    folder,
    exclusive: true,
    queueLimits: { jobs: 10_000, bytes: 2 ** 26 },
    warn: (message) => expect.unreachable(message),
    onFault: (message, cause) => expect.unreachable(`${message}: ${cause}`),
    ...options,
  });

export interface Folder {
  readonly path: string;
  /** The database in it. */
  readonly file: string;
  /** Opens the driver here; it is closed after the test. */
  storage(options?: Partial<SqliteOptions>): Storage;
  /** Closes something after the test. */
  closing<T extends { close(): unknown }>(each: T): T;
}

/** An empty folder for each test of the `describe` in which this is called. */
export function folderForEach(): Folder {
  let folder: ReturnType<typeof temporaryFolder>;
  const open: { close(): unknown }[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    for (const each of open.splice(0).reverse()) await each.close();
    folder.remove();
  });
  const closing = <T extends { close(): unknown }>(each: T): T => {
    open.push(each);
    return each;
  };
  return {
    get path() {
      return folder.path;
    },
    get file() {
      return join(folder.path, "margay.db");
    },
    storage: (options) => closing(openIn(folder.path, options)),
    closing,
  };
}
