import { conflict, forbidden, invalid, notFound } from "../error.ts";
import type { Cursors } from "./cursor.ts";
import { type Ids, isIdShaped, prefixOf } from "./id.ts";
import {
  DEFAULT_CONTENT_TYPE,
  decodeContent,
  encodeContent,
  type LedgerEntry,
  type Snippet,
  type SnippetFields,
  searchNeedle,
  validContentType,
  validText,
} from "./snippet.ts";
import type {
  LedgerRecord,
  NewVersion,
  Prefix,
  SnippetMetadata,
  SnippetRecord,
  SnippetStore,
} from "./store.ts";

/** Who asks: the part of an identity that the rules of snippets need. */
export interface Caller {
  userId: string;
  isAdmin: boolean;
}

export interface PageRequest {
  limit: number;
  cursor?: string;
}

export interface SnippetPage {
  snippets: Snippet[];
  nextCursor: string | null;
}

export interface HistoryPage {
  history: (LedgerEntry & { isCurrent: boolean })[];
  nextCursor: string | null;
}

const SNIPPETS_CURSOR = "snippets_v1";
const HISTORY_CURSOR = "history_v1";

/**
 * The rules of snippets: who may, what is valid, what a change does to the ledger. Every method rejects with
 * `invalid` for a malformed id, `not_found` for one that does not exist, `forbidden` for somebody else's
 * snippet, and with what the store rejects with.
 */
export type SnippetService = ReturnType<typeof createSnippetService>;

export function createSnippetService({
  store,
  ids,
  cursors,
  maxContentBytes,
  now = Date.now,
}: {
  store: SnippetStore;
  ids: Ids;
  cursors: Cursors;
  maxContentBytes: number;
  now?: () => number;
}) {
  const toSnippet = ({ prefix, currentHash, ...rest }: SnippetRecord): Snippet => ({
    id: ids.ofPrefix(prefix),
    currentHash: ids.ofPrefix(currentHash),
    ...rest,
  });

  const parseId = (id: string, what: "snippet" | "version"): Prefix => {
    if (!isIdShaped(id)) throw invalid(`${what} id must be 64 characters of A-Z, a-z, 0-9, - and _`);
    const prefix = ids.verify(id);
    if (!prefix) throw notFound(`no such ${what}`);
    return prefix;
  };

  /** The snippet, if the caller may read and write it. */
  const authorize = async (caller: Caller, id: string): Promise<SnippetRecord> => {
    const record = await store.find(parseId(id, "snippet"));
    if (!record) throw notFound("no such snippet");
    if (record.ownerId !== caller.userId && !caller.isAdmin)
      throw forbidden("this snippet is somebody else's");
    return record;
  };

  const newVersion = (caller: Caller, content: string): NewVersion & { content: Uint8Array } => {
    const bytes = encodeContent(content, maxContentBytes);
    return { hash: ids.contentPrefix(bytes), content: bytes, editorId: caller.userId, changedAt: now() };
  };

  const historyOf = async (
    record: SnippetRecord,
    limit: number,
    before: number,
    total: number,
  ): Promise<HistoryPage> => {
    const entries = await store.ledger(record.prefix, before, limit + 1);
    const page = entries.slice(0, limit);
    const last = page.at(-1);
    return {
      history: page.map((entry: LedgerRecord) => ({
        ...entry,
        targetHash: ids.ofPrefix(entry.targetHash),
        isCurrent: entry.versionNumber === record.historyCount,
      })),
      nextCursor:
        last && entries.length > limit
          ? cursors.seal(HISTORY_CURSOR, { total, before: last.versionNumber })
          : null,
    };
  };

  return {
    /** Stores a new snippet that the caller owns, with its first version. */
    async create(caller: Caller, fields: SnippetFields): Promise<Snippet> {
      if (fields.content === undefined) throw invalid("content is missing");
      const record = await store.create(
        {
          prefix: ids.randomPrefix(),
          ownerId: caller.userId,
          contentType: validContentType(fields.contentType ?? DEFAULT_CONTENT_TYPE),
          title: validText("title", fields.title ?? ""),
          description: validText("description", fields.description ?? ""),
        },
        newVersion(caller, fields.content),
      );
      return toSnippet(record);
    },

    /** Changes what `fields` names; a content appends exactly one version, also when it is the same as before. */
    async edit(caller: Caller, id: string, fields: SnippetFields): Promise<Snippet> {
      const record = await authorize(caller, id);
      if (Object.values(fields).every((value) => value === undefined)) {
        throw invalid("nothing to change: give at least one of content, content_type, title, description");
      }
      const metadata: SnippetMetadata = {};
      if (fields.contentType !== undefined) metadata.contentType = validContentType(fields.contentType);
      if (fields.title !== undefined) metadata.title = validText("title", fields.title);
      if (fields.description !== undefined) {
        metadata.description = validText("description", fields.description);
      }
      const version = fields.content === undefined ? undefined : newVersion(caller, fields.content);
      const edited = await store.edit(record.prefix, metadata, version);
      if (!edited) throw conflict("this snippet is off delivery: restore one of its versions first");
      return toSnippet(edited);
    },

    /** Publishes an earlier version again, as a new ledger entry; a snippet off delivery comes back. */
    async restore(caller: Caller, id: string, targetHash: string): Promise<Snippet> {
      const record = await authorize(caller, id);
      const noVersion = () => invalid("target_hash is no version of this snippet");
      const hash = ids.verify(targetHash);
      if (!hash || (await store.version(record.prefix, hash)) === null) throw noVersion();
      const restored = await store.restore(record.prefix, {
        hash,
        editorId: caller.userId,
        changedAt: now(),
      });
      if (!restored) throw notFound("no such snippet");
      return toSnippet(restored);
    },

    /** Takes a snippet off delivery. Its ledger stays. */
    async remove(caller: Caller, id: string): Promise<void> {
      const record = await authorize(caller, id);
      await store.remove(record.prefix, now());
    },

    /** One snippet with the newest page of its ledger. */
    async get(caller: Caller, id: string, limit: number): Promise<{ snippet: Snippet } & HistoryPage> {
      const record = await authorize(caller, id);
      const page = await historyOf(record, limit, record.historyCount + 1, record.historyCount);
      return { snippet: toSnippet(record), ...page };
    },

    /** A page of the ledger, newest first. */
    async history(caller: Caller, id: string, { limit, cursor }: PageRequest): Promise<HistoryPage> {
      const record = await authorize(caller, id);
      if (cursor === undefined) {
        return historyOf(record, limit, record.historyCount + 1, record.historyCount);
      }
      const position = cursors.open(HISTORY_CURSOR, cursor) as { total: number; before: number };
      return historyOf(record, limit, position.before, position.total);
    },

    /** The text of one version. */
    async version(caller: Caller, id: string, hash: string): Promise<string> {
      const record = await authorize(caller, id);
      const content = await store.version(record.prefix, parseId(hash, "version"));
      if (!content) throw notFound("no such version of this snippet");
      return decodeContent(content);
    },

    /** The caller's own snippets, newest-changed first; with `search`, those that have it in title, description or id. */
    async list(
      caller: Caller,
      { limit, cursor, search, deleted = false }: PageRequest & { search?: string; deleted?: boolean },
    ): Promise<SnippetPage> {
      const position =
        cursor === undefined
          ? undefined
          : (cursors.open(SNIPPETS_CURSOR, cursor) as { updated_at: string; id: string });
      const after = position && {
        updatedAt: Date.parse(position.updated_at),
        prefix: prefixOf(position.id),
      };
      const query = { ownerId: caller.userId, deleted, limit: limit + 1, after };
      const records = await store.list(search ? { ...query, search: searchNeedle(search) } : query);
      const page = records.slice(0, limit).map(toSnippet);
      const last = page.at(-1);
      return {
        snippets: page,
        nextCursor:
          last && records.length > limit
            ? cursors.seal(SNIPPETS_CURSOR, {
                updated_at: new Date(last.updatedAt).toISOString(),
                id: last.id,
              })
            : null,
      };
    },
  };
}
