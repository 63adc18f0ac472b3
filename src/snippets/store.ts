import type { LedgerEntry, SearchNeedle, Snippet } from "./snippet.ts";

/** The 32 bytes that a snippet or a content is stored under; see `id.ts`. */
export type Prefix = Uint8Array;

/** A snippet as stored: by prefixes, without MACs. */
export type SnippetRecord = Omit<Snippet, "id" | "currentHash"> & { prefix: Prefix; currentHash: Prefix };

export type LedgerRecord = Omit<LedgerEntry, "targetHash"> & { targetHash: Prefix };

/** A version to append: with its content when that may be new, without when it is known to be stored. */
export interface NewVersion {
  hash: Prefix;
  content?: Uint8Array;
  editorId: string;
  changedAt: number;
}

export interface NewSnippet {
  prefix: Prefix;
  ownerId: string;
  contentType: string;
  title: string | null;
  description: string | null;
}

export type SnippetMetadata = Partial<Pick<NewSnippet, "contentType" | "title" | "description">>;

export interface ListQuery {
  ownerId: string;
  /** True lists those that are off delivery, false the live ones. */
  deleted: boolean;
  /** Only those that have this in what `searchTextOf` gives of them, or as the beginning of their id. */
  search?: SearchNeedle;
  /** Only those after this one in the order of the list. */
  after?: { updatedAt: number; prefix: Prefix };
  limit: number;
}

/**
 * The store of snippets. Every method rejects with `unavailable` where the database cannot be read or
 * written (disk full, read-only, gone). A write resolves when it is on disk, its change has been published
 * on the change feed, and reads see it; either all of it happened or nothing.
 */
export interface SnippetStore {
  /** Stores a new snippet with its first version. Rejects with `conflict` if the prefix is taken. */
  create(snippet: NewSnippet, version: NewVersion): Promise<SnippetRecord>;
  /**
   * Changes metadata, appends a version, or both. Returns null, and changes nothing, if the snippet does not
   * exist or is off delivery.
   */
  edit(prefix: Prefix, metadata: SnippetMetadata, version?: NewVersion): Promise<SnippetRecord | null>;
  /** Appends a stored version and puts the snippet back on delivery. Returns null if it does not exist. */
  restore(prefix: Prefix, version: NewVersion): Promise<SnippetRecord | null>;
  /** Takes a snippet off delivery; returns false if it does not exist. A second time changes nothing. */
  remove(prefix: Prefix, at: number): Promise<boolean>;

  find(prefix: Prefix): Promise<SnippetRecord | null>;
  /** Newest-changed first: by `updatedAt`, then by prefix, both descending. */
  list(query: ListQuery): Promise<SnippetRecord[]>;
  /** Ledger entries with a version number below `before`, newest first. */
  ledger(prefix: Prefix, before: number, limit: number): Promise<LedgerRecord[]>;
  /** The content of a version of this snippet, or null if the hash is none of its versions. */
  version(prefix: Prefix, hash: Prefix): Promise<Uint8Array | null>;
}

/** What there is to deliver under a prefix. */
export type Deliverable =
  | { kind: "snippet"; contentType: string; hash: Prefix; content: Uint8Array }
  | { kind: "content"; content: Uint8Array };

/** The read-only side of the store, which delivery uses. */
export interface DeliveryStore {
  /**
   * A live snippet's current version; else the content that a version of some live snippet has; else null.
   * One round trip. Rejects with `unavailable` where the database cannot be read.
   */
  deliverable(prefix: Prefix): Promise<Deliverable | null>;
}
