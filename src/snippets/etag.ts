import { createKeyedHash } from "./mac.ts";

/**
 * The strong entity tag (RFC 9110 section 8.8.3) of what a live snippet answers to one query: a keyed hash,
 * so that it tells a reader nothing about the target.
 */
export type SnippetEtag = (targetHash: string, rawQuery: string) => string;

export async function createSnippetEtag(secret: string): Promise<SnippetEtag> {
  const hash = await createKeyedHash(secret, "serval delivery etag v1");
  return (targetHash, rawQuery) => `"${Buffer.from(hash(targetHash + rawQuery)).toString("base64url")}"`;
}
