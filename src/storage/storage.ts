import type { UserStore } from "../auth/users.ts";
import type { DeliveryStore, SnippetStore } from "../snippets/store.ts";
import type { Archive } from "./archive.ts";
import type { ChangeFeed } from "./changes.ts";

/** Everything that a database driver provides. `test/storage/` holds the suite that each must pass. */
export interface Storage {
  snippets: SnippetStore;
  delivery: DeliveryStore;
  users: UserStore;
  changes: ChangeFeed;
  archive: Archive;
  /** Resolves if the database answers a read, else rejects with `unavailable`. */
  ping(): Promise<void>;
  /** Waits for the writes that were accepted, then lets go of the database. */
  close(): Promise<void>;
}
