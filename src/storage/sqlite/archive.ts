import { eq } from "drizzle-orm";
import { AppError, invalid } from "../../error.ts";
import type { Archive, ArchiveRecord, ImportCounts } from "../archive.ts";
import { openForReading, openForWriting, type Sqlite, sqliteErrorIn, toAppError } from "./database.ts";
import { contents, ledger, snippets, users } from "./schema.ts";
import { snippetRows } from "./snippet-writes.ts";
import { ledgerColumns } from "./snippets.ts";

export function createArchive(file: string): Archive {
  return {
    async *read() {
      // A connection of its own, so that one read transaction covers the whole stream.
      const db = opened(() => openForReading(file), "read");
      try {
        db.$client.run("BEGIN");
        yield* readUsers(db);
        yield* readContents(db);
        yield* readSnippets(db);
      } catch (error) {
        throw toAppError(error);
      } finally {
        // A statement that the collector has not freed yet would keep a transaction open, and so the log from
        // being folded in.
        if (db.$client.inTransaction) db.$client.run("ROLLBACK");
        db.$client.close();
      }
    },

    async write(records) {
      // One transaction over a stream: it cannot go through the write queue, where others wait.
      const db = opened(() => openForWriting(file), "written");
      try {
        db.$client.run("BEGIN IMMEDIATE");
        const counts = await writeRecords(db, records);
        db.$client.run("COMMIT");
        return counts;
      } catch (error) {
        // What the stream itself throws stays as it is.
        throw sqliteErrorIn(error) ? toAppError(error, "written") : error;
      } finally {
        if (db.$client.inTransaction) db.$client.run("ROLLBACK");
        db.$client.close();
      }
    },
  };
}

function opened(open: () => Sqlite, doing: "read" | "written"): Sqlite {
  try {
    return open();
  } catch (error) {
    throw toAppError(error, doing);
  }
}

function* readUsers(db: Sqlite): Generator<ArchiveRecord> {
  for (const user of db.select().from(users).orderBy(users.id).all()) yield { type: "user", user };
}

function* readContents(db: Sqlite): Generator<ArchiveRecord> {
  const rows = db.$client
    .query<{ hash: Uint8Array; content: Uint8Array }, []>("SELECT hash, content FROM contents ORDER BY key")
    .iterate();
  for (const { hash, content } of rows) yield { type: "content", hash, content };
}

function* readSnippets(db: Sqlite): Generator<ArchiveRecord> {
  const keys = db.$client.query<{ key: number }, []>("SELECT key FROM snippets ORDER BY key").iterate();
  for (const { key } of keys) {
    const { prefix, ownerId, contentType, title, description, deletedAt } = db
      .select()
      .from(snippets)
      .where(eq(snippets.key, key))
      .limit(1)
      .get()!;
    yield { type: "snippet", snippet: { prefix, ownerId, contentType, title, description, deletedAt } };
    const entries = db
      .select(ledgerColumns)
      .from(ledger)
      .innerJoin(contents, eq(contents.key, ledger.content))
      .where(eq(ledger.snippet, key))
      .orderBy(ledger.versionNumber)
      .all();
    for (const entry of entries) yield { type: "version", prefix, entry };
  }
}

async function writeRecords(db: Sqlite, records: AsyncIterable<ArchiveRecord>): Promise<ImportCounts> {
  const rows = snippetRows(db);
  const counts: ImportCounts = { users: 0, snippets: 0, versions: 0, skipped: 0 };
  /** The snippet whose ledger follows: inserted with its first version, which it refers to. */
  let open: { snippet: ArchivedSnippet; key: number | null; skip: boolean; origin?: string } | null = null;

  const appendVersion = ({ prefix, entry }: ArchiveRecord & { type: "version" }) => {
    if (!open || Buffer.compare(open.snippet.prefix, prefix) !== 0) {
      throw invalid("a version does not follow its snippet");
    }
    if (open.skip) return;
    const content = rows.contentKeyOf(entry.targetHash);
    if (content === null) throw invalid("a version comes before its content");
    open.key ??= rows.insertSnippet(open.snippet, content);
    if (rows.appendVersion(open.key, content, entry) !== entry.versionNumber) {
      throw invalid("the versions of a snippet are not in order");
    }
    counts.versions++;
  };
  const endSnippet = () => {
    if (open && !open.skip && open.key === null) {
      throw invalid(`${open.origin ? `${open.origin}: ` : ""}this snippet has no version`);
    }
  };

  const store = (record: ArchiveRecord) => {
    switch (record.type) {
      case "user":
        counts.users += db.insert(users).values(record.user).onConflictDoNothing().returning().all().length;
        break;
      case "content":
        rows.storeContent(record);
        break;
      case "snippet": {
        const skip = rows.keyOf(record.snippet.prefix) !== null;
        open = { snippet: record.snippet, key: null, skip, origin: record.origin };
        if (skip) counts.skipped++;
        else counts.snippets++;
        break;
      }
      case "version":
        appendVersion(record);
        break;
    }
  };

  for await (const record of records) {
    if (record.type === "snippet") endSnippet();
    try {
      store(record);
    } catch (error) {
      const told = record.origin && error instanceof AppError;
      throw told ? new AppError(error.code, `${record.origin}: ${error.message}`) : error;
    }
  }
  endSnippet();
  return counts;
}

type ArchivedSnippet = (ArchiveRecord & { type: "snippet" })["snippet"];
