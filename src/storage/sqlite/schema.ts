import { sql } from "drizzle-orm";
import { blob, index, integer, primaryKey, sqliteTable, text } from "drizzle-orm/sqlite-core";

/**
 * Rows refer to each other by small integer keys; the 32-byte prefixes stand once, where they are looked up.
 * Times are milliseconds since the epoch.
 */

/** Contents, each stored once under the hash of its bytes. Never changed, never removed. */
export const contents = sqliteTable("contents", {
  key: integer("key").primaryKey(),
  hash: blob("hash", { mode: "buffer" }).notNull().unique(),
  content: blob("content", { mode: "buffer" }).notNull(),
});

export const snippets = sqliteTable(
  "snippets",
  {
    key: integer("key").primaryKey(),
    prefix: blob("prefix", { mode: "buffer" }).notNull().unique(),
    ownerId: text("owner_id").notNull(),
    contentType: text("content_type").notNull(),
    title: text("title"),
    description: text("description"),
    /** Derived: `searchTextOf` title and description. */
    searchText: text("search_text").notNull(),
    currentContent: integer("current_content")
      .notNull()
      .references(() => contents.key),
    historyCount: integer("history_count").notNull(),
    updatedAt: integer("updated_at").notNull(),
    deletedAt: integer("deleted_at"),
  },
  (table) => [
    index("snippets_live").on(table.ownerId, table.updatedAt, table.prefix).where(sql`deleted_at IS NULL`),
    index("snippets_deleted")
      .on(table.ownerId, table.updatedAt, table.prefix)
      .where(sql`deleted_at IS NOT NULL`),
  ],
);

/** The ledger: append-only. */
export const ledger = sqliteTable(
  "ledger",
  {
    snippet: integer("snippet")
      .notNull()
      .references(() => snippets.key),
    versionNumber: integer("version_number").notNull(),
    content: integer("content")
      .notNull()
      .references(() => contents.key),
    editorId: text("editor_id").notNull(),
    changedAt: integer("changed_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.snippet, table.versionNumber] })],
);

/**
 * Which contents are versions of which snippet, each once, and whether that snippet is live: so that one
 * look-up tells whether a content is on delivery, however many snippets share it.
 */
export const snippetContents = sqliteTable(
  "snippet_contents",
  {
    snippet: integer("snippet")
      .notNull()
      .references(() => snippets.key),
    content: integer("content")
      .notNull()
      .references(() => contents.key),
    live: integer("live", { mode: "boolean" }).notNull(),
  },
  (table) => [
    primaryKey({ columns: [table.snippet, table.content] }),
    index("snippet_contents_live").on(table.content, table.live),
  ],
);

/** Operators and their role. */
export const users = sqliteTable("users", {
  id: text("id").primaryKey(),
  isAdmin: integer("is_admin", { mode: "boolean" }).notNull(),
  createdAt: integer("created_at").notNull(),
});
