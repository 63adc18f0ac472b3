import type { User } from "../auth/users.ts";
import type { LedgerRecord, NewSnippet, Prefix } from "../snippets/store.ts";

/**
 * One record of an archive. `origin` says where it was read, as in "line 7"; it begins what an error says of it.
 * Contents come before the snippets, a snippet before its ledger, which is in order.
 */
export type ArchiveRecord = { origin?: string } & (
  | { type: "user"; user: User }
  | { type: "content"; hash: Prefix; content: Uint8Array }
  | { type: "snippet"; snippet: NewSnippet & { deletedAt: number | null } }
  | { type: "version"; prefix: Prefix; entry: LedgerRecord }
);

export interface ImportCounts {
  users: number;
  snippets: number;
  versions: number;
  /** Snippets that were already here and were left as they are. */
  skipped: number;
}

/** Moves everything from one database to another, of whatever driver. */
export interface Archive {
  /** All records, as of one moment. */
  read(): AsyncIterable<ArchiveRecord>;
  /**
   * Stores records, all or nothing; ids and times are kept. A snippet, user or content that exists stays as it
   * is. Rejects with what `records` throws, with `invalid` for a version that does not follow its snippet in
   * order or whose content is missing, with `unavailable` where the database cannot be written.
   */
  write(records: AsyncIterable<ArchiveRecord>): Promise<ImportCounts>;
}
