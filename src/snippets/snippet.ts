import { AppError, invalid } from "../error.ts";
import { prefixesOfIdsFrom } from "./id.ts";

/** A stored text that is edited by publishing versions. Times are milliseconds since the epoch. */
export interface Snippet {
  id: string;
  ownerId: string;
  contentType: string;
  title: string | null;
  description: string | null;
  /** Content id of the current version. */
  currentHash: string;
  /** Number of ledger entries, and so the current version's number. */
  historyCount: number;
  /** Time of the newest ledger entry. */
  updatedAt: number;
  /** When it was taken off delivery, or null while it is live. */
  deletedAt: number | null;
}

/** One line of a snippet's ledger, which only ever grows. `versionNumber` counts from 1. */
export interface LedgerEntry {
  targetHash: string;
  editorId: string;
  changedAt: number;
  versionNumber: number;
}

/** What an operator may set; an absent field is left as it is (or takes its default in a new snippet). */
export interface SnippetFields {
  content?: string;
  contentType?: string;
  title?: string;
  description?: string;
}

export const DEFAULT_CONTENT_TYPE = "text/plain; charset=utf-8";
export const TITLE_LENGTH = 255;
export const DESCRIPTION_LENGTH = 4096;
export const CONTENT_TYPE_LENGTH = 255;

/** Visible ASCII, spaces and tabs within: a field value (RFC 9110 section 5.5) without the obsolete bytes. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\t\x20-\x7e]*[\x21-\x7e])?$/;

/** UTF-8 bytes of a content, or an `invalid` or `too_large` error. */
export function encodeContent(content: string, maxBytes: number): Uint8Array {
  // An unpaired surrogate has no UTF-8: storing U+FFFD for it would lose what was sent.
  if (!content.isWellFormed())
    throw invalid("content has an unpaired surrogate and cannot be stored as UTF-8");
  const bytes = new TextEncoder().encode(content);
  if (bytes.length > maxBytes) throw contentTooLarge(maxBytes);
  return bytes;
}

export function contentTooLarge(maxBytes: number): AppError {
  return new AppError(
    "too_large",
    `content is larger than the ${maxBytes} bytes that MAX_CONTENT_BYTES allows`,
  );
}

/** A content type as it will stand in the header, or an `invalid` error. */
export function validContentType(contentType: string): string {
  if (contentType.length > CONTENT_TYPE_LENGTH) {
    throw invalid(`content_type is longer than ${CONTENT_TYPE_LENGTH} characters`);
  }
  if (!HEADER_VALUE.test(contentType)) throw invalid("content_type is not a legal header value");
  return contentType;
}

/** A title or description, trimmed; an empty one is null. Or an `invalid` error. */
export function validText(field: "title" | "description", text: string): string | null {
  if (!text.isWellFormed()) throw invalid(`${field} has an unpaired surrogate`);
  const trimmed = text.trim();
  const limit = field === "title" ? TITLE_LENGTH : DESCRIPTION_LENGTH;
  // Characters are code points: an emoji is one.
  if (trimmed.length > limit && [...trimmed].length > limit) {
    throw invalid(`${field} is longer than ${limit} characters`);
  }
  return trimmed === "" ? null : trimmed;
}

/** The text of a stored content. A byte order mark is part of it. */
export function decodeContent(content: Uint8Array): string {
  return Buffer.from(content.buffer, content.byteOffset, content.byteLength).toString("utf8");
}

/** What a search looks for; a snippet that has either is found. */
export interface SearchNeedle {
  /** Text that `searchTextOf` contains. */
  text: string;
  /** Prefixes of the ids that begin as the term does, the ends included; null where it is no beginning of an id. */
  prefixes: { from: Uint8Array; to: Uint8Array } | null;
}

/** The beginning of an id, so long that it is hardly one by chance; within a link too. */
const ID_BEGINNING = /^[\w-]{4,64}$/;
const ID_IN_LINK = /(?<![\w-])[\w-]{64}(?![\w-])/;

export function searchNeedle(term: string): SearchNeedle {
  const text = term.trim();
  const id = ID_IN_LINK.exec(text)?.[0] ?? (ID_BEGINNING.test(text) ? text : null);
  return { text: fold(text), prefixes: id === null ? null : prefixesOfIdsFrom(id) };
}

/** What is searched of a snippet beside its id: title and description, folded. */
export function searchTextOf(title: string | null, description: string | null): string {
  // A noncharacter between them, so that no search finds what spans both.
  return fold(`${title ?? ""}\uffff${description ?? ""}`);
}

/**
 * The form in which texts are compared in a search: compatibility forms and letter case do not matter. Upper
 * case, because there "ß" is "SS" and both forms of a small sigma are one.
 */
function fold(text: string): string {
  return text.normalize("NFKC").toUpperCase();
}
