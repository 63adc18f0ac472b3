import { and, eq, isNull, sql } from "drizzle-orm";
import { searchTextOf } from "../../snippets/snippet.ts";
import type { NewSnippet, NewVersion, Prefix, SnippetMetadata, SnippetRecord } from "../../snippets/store.ts";
import type { Change } from "../changes.ts";
import type { Sqlite } from "./database.ts";
import { contents, ledger, snippetContents, snippets } from "./schema.ts";
import { selectRecords } from "./snippets.ts";
import type { Written } from "./writes.ts";

/** The writes of `SnippetStore`, to be run inside the writer's transaction. */
export function snippetWrites(db: Sqlite) {
  const rows = snippetRows(db);
  const findOne = selectRecords(db)
    .where(eq(snippets.prefix, sql.placeholder("prefix")))
    .limit(1)
    .prepare();

  const changed = (prefix: Prefix): Written<SnippetRecord> => ({
    value: findOne.get({ prefix })!,
    changes: [{ kind: "snippet", prefix }],
  });

  return {
    createSnippet(snippet: NewSnippet, version: NewVersion): Written<SnippetRecord> {
      const content = rows.storeContent(version);
      const key = rows.insertSnippet(snippet, content);
      rows.appendVersion(key, content, version);
      return changed(snippet.prefix);
    },

    editSnippet(
      prefix: Prefix,
      metadata: SnippetMetadata,
      version?: NewVersion,
    ): Written<SnippetRecord | null> {
      const before = findOne.get({ prefix });
      if (!before || before.deletedAt !== null) return { value: null };
      const key = rows.keyOf(prefix)!;
      if (Object.keys(metadata).length > 0) {
        const { title, description } = { ...before, ...metadata };
        db.update(snippets)
          .set({ ...metadata, searchText: searchTextOf(title, description) })
          .where(eq(snippets.key, key))
          .run();
      }
      if (version) rows.appendVersion(key, rows.storeContent(version), version);
      return changed(prefix);
    },

    restoreSnippet(prefix: Prefix, version: NewVersion): Written<SnippetRecord | null> {
      const key = rows.keyOf(prefix);
      if (key === null) return { value: null };
      db.update(snippets).set({ deletedAt: null }).where(eq(snippets.key, key)).run();
      db.update(snippetContents).set({ live: true }).where(eq(snippetContents.snippet, key)).run();
      rows.appendVersion(key, rows.storeContent(version), version);
      return changed(prefix);
    },

    removeSnippet(prefix: Prefix, at: number): Written<boolean> {
      const key = rows.keyOf(prefix);
      if (key === null) return { value: false };
      db.update(snippets)
        .set({ deletedAt: at })
        .where(and(eq(snippets.key, key), isNull(snippets.deletedAt)))
        .run();
      db.update(snippetContents).set({ live: false }).where(eq(snippetContents.snippet, key)).run();
      const versions = db
        .select({ hash: contents.hash })
        .from(snippetContents)
        .innerJoin(contents, eq(contents.key, snippetContents.content))
        .where(eq(snippetContents.snippet, key))
        .all();
      const changes: Change[] = versions.map(({ hash }) => ({ kind: "content", prefix: hash }));
      return { value: true, changes: [{ kind: "snippet", prefix }, ...changes] };
    },
  };
}

/** The rows that a snippet consists of: what every write of snippets, and the import, is made from. */
export function snippetRows(db: Sqlite) {
  const findKey = db
    .select({ key: snippets.key })
    .from(snippets)
    .where(eq(snippets.prefix, sql.placeholder("prefix")))
    .limit(1)
    .prepare();
  const findContent = db
    .select({ key: contents.key })
    .from(contents)
    .where(eq(contents.hash, sql.placeholder("hash")))
    .limit(1)
    .prepare();
  const insertContent = db
    .insert(contents)
    .values({ hash: sql.placeholder("hash"), content: sql.placeholder("content") })
    .returning({ key: contents.key })
    .prepare();
  const insertEntry = db
    .insert(ledger)
    .values({
      snippet: sql.placeholder("snippet"),
      versionNumber: sql.placeholder("versionNumber"),
      content: sql.placeholder("content"),
      editorId: sql.placeholder("editorId"),
      changedAt: sql.placeholder("changedAt"),
    })
    .prepare();
  const insertUse = db
    .insert(snippetContents)
    .values({
      snippet: sql.placeholder("snippet"),
      content: sql.placeholder("content"),
      live: sql.placeholder("live"),
    })
    .onConflictDoNothing()
    .prepare();
  const advance = db
    .update(snippets)
    .set({
      currentContent: sql`${sql.placeholder("content")}`,
      historyCount: sql`${snippets.historyCount} + 1`,
      updatedAt: sql`${sql.placeholder("changedAt")}`,
    })
    .where(eq(snippets.key, sql.placeholder("snippet")))
    .returning({ versionNumber: snippets.historyCount, deletedAt: snippets.deletedAt })
    .prepare();

  return {
    keyOf: (prefix: Prefix): number | null => findKey.get({ prefix })?.key ?? null,

    contentKeyOf: (hash: Prefix): number | null => findContent.get({ hash })?.key ?? null,

    /** The key of a version's content, which is stored now if it is new. */
    storeContent({ hash, content }: Pick<NewVersion, "hash" | "content">): number {
      const stored = findContent.get({ hash });
      return stored ? stored.key : insertContent.get({ hash, content }).key;
    },

    /** Inserts a snippet that has no version yet; one must be appended in the same transaction. */
    insertSnippet(snippet: NewSnippet & { deletedAt?: number | null }, content: number): number {
      return db
        .insert(snippets)
        .values({
          ...snippet,
          prefix: Buffer.from(snippet.prefix),
          searchText: searchTextOf(snippet.title, snippet.description),
          currentContent: content,
          historyCount: 0,
          updatedAt: 0,
        })
        .returning({ key: snippets.key })
        .get().key;
    },

    /** Appends one ledger entry and makes it the current version. */
    appendVersion(
      snippet: number,
      content: number,
      { editorId, changedAt }: Pick<NewVersion, "editorId" | "changedAt">,
    ): number {
      const { versionNumber, deletedAt } = advance.get({ snippet, content, changedAt });
      insertEntry.run({ snippet, versionNumber, content, editorId, changedAt });
      insertUse.run({ snippet, content, live: deletedAt === null });
      return versionNumber;
    },
  };
}
