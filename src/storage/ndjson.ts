import { type Static, Type as t } from "@sinclair/typebox";
import { Value } from "@sinclair/typebox/value";
import { AppError, invalid } from "../error.ts";
import type { Ids } from "../snippets/id.ts";
import { decodeContent } from "../snippets/snippet.ts";
import type { ArchiveRecord } from "./archive.ts";

/*
 * An archive as text: one JSON object a line (NDJSON), ids as they stand in links, times as in RFC 3339.
 * The first line tells whether ids were signed with our secret, the last whether the stream
 * is whole.
 */

const FORMAT = 1;
/** The id of 32 zero bytes shows under which secret ids were signed, and tells nothing about it. */
const CHECKED_PREFIX = new Uint8Array(32);

const time = t.String({ pattern: "^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z$" });
const nullableText = t.Union([t.String(), t.Null()]);
const Header = t.Object({ type: t.Literal("margay"), format: t.Literal(FORMAT), id_check: t.String() });
const End = t.Object({ type: t.Literal("end"), records: t.Integer() });
const Line = t.Union([
  t.Object({
    type: t.Literal("user"),
    id: t.String({ minLength: 1 }),
    is_admin: t.Boolean(),
    created_at: time,
  }),
  t.Object({ type: t.Literal("content"), hash: t.String(), content: t.String() }),
  t.Object({
    type: t.Literal("snippet"),
    id: t.String(),
    owner_id: t.String(),
    content_type: t.String(),
    title: nullableText,
    description: nullableText,
    deleted_at: t.Union([time, t.Null()]),
  }),
  t.Object({
    type: t.Literal("version"),
    snippet: t.String(),
    version_number: t.Integer({ minimum: 1 }),
    target_hash: t.String(),
    editor_id: t.String(),
    changed_at: time,
  }),
]);
type Line = Static<typeof Line>;

/** The lines of an archive, each with its line feed. */
export async function* formatArchive(
  records: AsyncIterable<ArchiveRecord>,
  ids: Ids,
): AsyncGenerator<string> {
  const line = (value: Line | Static<typeof Header> | Static<typeof End>) => `${JSON.stringify(value)}\n`;
  yield line({ type: "margay", format: FORMAT, id_check: ids.ofPrefix(CHECKED_PREFIX) });
  let count = 0;
  for await (const record of records) {
    yield line(toLine(record, ids));
    count++;
  }
  yield line({ type: "end", records: count });
}

/** The records in an archive's lines; throws `invalid` with the number of a line that is not right. */
export async function* parseArchive(lines: AsyncIterable<string>, ids: Ids): AsyncGenerator<ArchiveRecord> {
  let number = 0;
  let ended = false;
  for await (const text of lines) {
    number++;
    try {
      if (ended) throw invalid("something follows the end");
      const value = parseJson(text);
      if (number === 1) checkHeader(value, ids);
      else if (Value.Check(End, value)) {
        if (value.records !== number - 2) throw invalid("lines are missing before the end");
        ended = true;
      } else if (Value.Check(Line, value)) yield { ...toRecord(value, ids), origin: `line ${number}` };
      else throw invalid("this is no record of an archive");
    } catch (error) {
      throw error instanceof AppError ? invalid(`line ${number}: ${error.message}`) : error;
    }
  }
  if (!ended) throw invalid(`the archive is not whole: it stops after line ${number}`);
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw invalid("this is not JSON");
  }
}

function checkHeader(value: unknown, ids: Ids): void {
  if (!Value.Check(Header, value)) throw invalid(`this is no archive of format ${FORMAT}`);
  if (value.id_check !== ids.ofPrefix(CHECKED_PREFIX)) {
    throw invalid(
      "the ids were signed with another secret: set ID_SIGNING_SECRET to that of the exporting server, or copy its id-signing-secret file into DATA_DIR",
    );
  }
}

const toTime = (milliseconds: number) => new Date(milliseconds).toISOString();

function fromTime(time: string): number {
  const milliseconds = Date.parse(time);
  if (Number.isNaN(milliseconds)) throw invalid("a time is none");
  return milliseconds;
}

function toLine(record: ArchiveRecord, ids: Ids): Line {
  switch (record.type) {
    case "user": {
      const { id, isAdmin, createdAt } = record.user;
      return { type: "user", id, is_admin: isAdmin, created_at: toTime(createdAt) };
    }
    case "content":
      return { type: "content", hash: ids.ofPrefix(record.hash), content: decodeContent(record.content) };
    case "snippet": {
      const { prefix, ownerId, contentType, title, description, deletedAt } = record.snippet;
      const id = ids.ofPrefix(prefix);
      return {
        type: "snippet",
        id,
        owner_id: ownerId,
        content_type: contentType,
        title,
        description,
        deleted_at: deletedAt === null ? null : toTime(deletedAt),
      };
    }
    case "version": {
      const { versionNumber, targetHash, editorId, changedAt } = record.entry;
      return {
        type: "version",
        snippet: ids.ofPrefix(record.prefix),
        version_number: versionNumber,
        target_hash: ids.ofPrefix(targetHash),
        editor_id: editorId,
        changed_at: toTime(changedAt),
      };
    }
  }
}

function toRecord(line: Line, ids: Ids): ArchiveRecord {
  const verified = (id: string) => {
    const prefix = ids.verify(id);
    if (!prefix) throw invalid("an id was not signed with our secret");
    return prefix;
  };
  switch (line.type) {
    case "user":
      return {
        type: "user",
        user: { id: line.id, isAdmin: line.is_admin, createdAt: fromTime(line.created_at) },
      };
    case "content": {
      const hash = verified(line.hash);
      const content = new TextEncoder().encode(line.content);
      if (Buffer.compare(hash, ids.contentPrefix(content)) !== 0)
        throw invalid("a content is not what its hash says");
      return { type: "content", hash, content };
    }
    case "snippet":
      return {
        type: "snippet",
        snippet: {
          prefix: verified(line.id),
          ownerId: line.owner_id,
          contentType: line.content_type,
          title: line.title,
          description: line.description,
          deletedAt: line.deleted_at === null ? null : fromTime(line.deleted_at),
        },
      };
    case "version":
      return {
        type: "version",
        prefix: verified(line.snippet),
        entry: {
          versionNumber: line.version_number,
          targetHash: verified(line.target_hash),
          editorId: line.editor_id,
          changedAt: fromTime(line.changed_at),
        },
      };
  }
}
