/**
 * Whether If-None-Match says that the client has this already (RFC 9110 section 13.1.2): `*`, or a list in
 * which a tag equals ours by weak comparison (section 8.8.3.2).
 */
export function noneMatchSays(header: string, etag: string): boolean {
  if (header === etag) return true;
  if (header.trim() === "*") return true;
  // Commas may stand within a tag, so the list cannot be split at them.
  for (const [, tag] of header.matchAll(/(?:W\/)?("[\x21\x23-\x7e\x80-\uffff]*")/g))
    if (tag === etag) return true;
  return false;
}
