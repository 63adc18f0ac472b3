import type { Change } from "../changes.ts";
import type { Sqlite } from "./database.ts";
import { snippetWrites } from "./snippet-writes.ts";
import { userWrites } from "./users.ts";

/** What a write did: its result, and what the change feed shall tell after the commit. */
export interface Written<T> {
  value: T;
  changes?: Change[];
}

/** Every write by its name. They run in the writer's thread, so arguments and results are plain data. */
export function bindWrites(db: Sqlite) {
  return { ...snippetWrites(db), ...userWrites(db) };
}

export type Writes = ReturnType<typeof bindWrites>;
