import { and, between, desc, eq, isNotNull, isNull, lt, or, type SQL, sql } from "drizzle-orm";
import type { ListQuery, SnippetRecord, SnippetStore } from "../../snippets/store.ts";
import type { Sqlite } from "./database.ts";
import { contents, ledger, snippetContents, snippets } from "./schema.ts";
import type { Writer } from "./writer.ts";

const recordColumns = {
  prefix: snippets.prefix,
  ownerId: snippets.ownerId,
  contentType: snippets.contentType,
  title: snippets.title,
  description: snippets.description,
  currentHash: contents.hash,
  historyCount: snippets.historyCount,
  updatedAt: snippets.updatedAt,
  deletedAt: snippets.deletedAt,
};

/** A ledger entry as the port describes it; for a query of `ledger` joined with `contents`. */
export const ledgerColumns = {
  targetHash: contents.hash,
  editorId: ledger.editorId,
  changedAt: ledger.changedAt,
  versionNumber: ledger.versionNumber,
};

/** Rows that one step of a search looks at, in about 2 ms; between steps the event loop serves others. */
const SEARCH_STEP = 5_000;

export function createSnippetStore(db: Sqlite, writer: Writer): SnippetStore {
  const findOne = selectRecords(db)
    .where(eq(snippets.prefix, sql.placeholder("prefix")))
    .limit(1)
    .prepare();
  const versionContent = db
    .select({ content: contents.content })
    .from(contents)
    .innerJoin(snippetContents, eq(snippetContents.content, contents.key))
    .innerJoin(snippets, eq(snippets.key, snippetContents.snippet))
    .where(and(eq(contents.hash, sql.placeholder("hash")), eq(snippets.prefix, sql.placeholder("prefix"))))
    .limit(1)
    .prepare();
  const ledgerPage = db
    .select(ledgerColumns)
    .from(ledger)
    .innerJoin(snippets, eq(snippets.key, ledger.snippet))
    .innerJoin(contents, eq(contents.key, ledger.content))
    .where(
      and(
        eq(snippets.prefix, sql.placeholder("prefix")),
        lt(ledger.versionNumber, sql.placeholder("before")),
      ),
    )
    .orderBy(desc(ledger.versionNumber))
    .limit(sql.placeholder("limit"))
    .prepare();

  const page = (conditions: SQL | undefined, limit: number) =>
    selectRecords(db)
      .where(conditions)
      .orderBy(desc(snippets.updatedAt), desc(snippets.prefix))
      .limit(limit)
      .all();

  /** Where the next search step ends: the position of the last row that it looks at, null for the list's end. */
  const stepEnd = (conditions: SQL | undefined) =>
    db
      .select({ updatedAt: snippets.updatedAt, prefix: snippets.prefix })
      .from(snippets)
      .where(conditions)
      .orderBy(desc(snippets.updatedAt), desc(snippets.prefix))
      .limit(1)
      .offset(SEARCH_STEP - 1)
      .get() ?? null;

  return {
    create: (snippet, version) => writer.write("createSnippet", snippet, version),
    edit: (prefix, metadata, version) => writer.write("editSnippet", prefix, metadata, version),
    restore: (prefix, version) => writer.write("restoreSnippet", prefix, version),
    remove: (prefix, at) => writer.write("removeSnippet", prefix, at),

    async find(prefix) {
      return findOne.get({ prefix }) ?? null;
    },
    async list({ ownerId, deleted, search, after, limit }) {
      const list = and(
        eq(snippets.ownerId, ownerId),
        deleted ? isNotNull(snippets.deletedAt) : isNull(snippets.deletedAt),
      );
      if (search === undefined) return page(and(list, after && isAfter(after)), limit);

      const found: SnippetRecord[] = [];
      const { text, prefixes } = search;
      const matches = or(
        sql`instr(${snippets.searchText}, ${text}) > 0`,
        prefixes ? between(snippets.prefix, Buffer.from(prefixes.from), Buffer.from(prefixes.to)) : undefined,
      );
      let position = after;
      while (found.length < limit) {
        const rest = and(list, position && isAfter(position));
        const end = stepEnd(rest);
        found.push(...page(and(rest, end ? isUpTo(end) : undefined, matches), limit - found.length));
        if (!end) break;
        position = end;
        await new Promise(setImmediate);
      }
      return found;
    },
    async ledger(prefix, before, limit) {
      return ledgerPage.all({ prefix, before, limit });
    },
    async version(prefix, hash) {
      return versionContent.get({ prefix, hash })?.content ?? null;
    },
  };
}

/** Snippets as the port describes them. */
export function selectRecords(db: Sqlite) {
  return db
    .select(recordColumns)
    .from(snippets)
    .innerJoin(contents, eq(contents.key, snippets.currentContent));
}

type Position = NonNullable<ListQuery["after"]>;

const isAfter = ({ updatedAt, prefix }: Position) =>
  sql`(${snippets.updatedAt}, ${snippets.prefix}) < (${updatedAt}, ${prefix})`;
const isUpTo = ({ updatedAt, prefix }: Position) =>
  sql`(${snippets.updatedAt}, ${snippets.prefix}) >= (${updatedAt}, ${prefix})`;
