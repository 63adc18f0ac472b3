import { createHash, randomBytes } from "node:crypto";
import type { NewSnippet, NewVersion, Prefix } from "../../src/snippets/store.ts";
import type { ArchiveRecord } from "../../src/storage/archive.ts";
import type { Storage } from "../../src/storage/storage.ts";

/*
 * What the contract's tests store. Everything has random names, so that tests share a database without
 * seeing each other.
 */

export const T0 = Date.UTC(2026, 0, 31, 12);

export const newPrefix = (): Prefix => new Uint8Array(randomBytes(32));

/** A storage takes any 32 bytes for the hash of a content; which hash it is, is the domain's affair. */
export const hashOf = (content: Uint8Array): Prefix =>
  new Uint8Array(createHash("sha256").update(content).digest());

export function newSnippet(fields: Partial<NewSnippet> = {}): NewSnippet {
  return {
    prefix: newPrefix(),
    ownerId: "ann",
    contentType: "text/plain; charset=utf-8",
    title: null,
    description: null,
    ...fields,
  };
}

type StoredVersion = NewVersion & { content: Uint8Array };

/** A version with a text that nobody else has, unless one is given. */
export function newVersion(
  text: string | Uint8Array = newText(),
  fields: Partial<NewVersion> = {},
): StoredVersion {
  const content = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return { hash: hashOf(content), content, editorId: "ann", changedAt: T0, ...fields };
}

/** The same version as one names it when it is known to be stored. */
export function known(
  { content: _, ...version }: StoredVersion,
  fields: Partial<NewVersion> = {},
): NewVersion {
  return { ...version, ...fields };
}

export const newText = () => randomBytes(16).toString("hex");

/** Stores a new snippet with these texts, one version each; resolves to its prefix and versions. */
export async function stored(
  storage: Storage,
  { texts = [newText()], ...fields }: Partial<NewSnippet> & { texts?: string[] } = {},
): Promise<{ prefix: Prefix; versions: StoredVersion[] }> {
  const snippet = newSnippet(fields);
  const versions = texts.map((text, i) => newVersion(text, { changedAt: T0 + i }));
  await storage.snippets.create(snippet, versions[0]!);
  for (const version of versions.slice(1)) await storage.snippets.edit(snippet.prefix, {}, version);
  return { prefix: snippet.prefix, versions };
}

/** A value with its bytes as hexadecimal text: drivers may use any subclass of `Uint8Array`. */
export function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, plain(inner)]));
}

/** All that the ports tell about one snippet. */
export async function everythingAbout(storage: Storage, prefix: Prefix): Promise<unknown> {
  return plain({
    record: await storage.snippets.find(prefix),
    ledger: await storage.snippets.ledger(prefix, Number.MAX_SAFE_INTEGER, 1_000),
    deliverable: await storage.delivery.deliverable(prefix),
  });
}

export async function allRecords(storage: Storage): Promise<ArchiveRecord[]> {
  return Array.fromAsync(storage.archive.read());
}

/** How often a content is stored. */
export async function copiesOf(storage: Storage, hash: Prefix): Promise<number> {
  const records = await allRecords(storage);
  return records.filter((record) => record.type === "content" && Buffer.compare(record.hash, hash) === 0)
    .length;
}

/** The code with which a promise rejects, or null if it does not. */
export async function rejection(promise: Promise<unknown>): Promise<string | null> {
  return promise.then(
    () => null,
    (error: { code?: string }) => error.code ?? `no AppError: ${error}`,
  );
}
