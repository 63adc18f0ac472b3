import { createHash, createKeyedHash } from "./mac.ts";

/** Length of an id's text: 48 bytes in base64url without padding (RFC 4648 section 5). */
export const ID_LENGTH = 64;
const PREFIX_BYTES = 32;
const MAC_BYTES = 16;
const ID_SHAPE = /^[A-Za-z0-9_-]{64}$/;

/** Signed ids: a 32-byte prefix and the 16-byte MAC that proves it was issued under this secret. */
export interface Ids {
  /** The prefix of a new snippet: 32 bytes from the system's CSPRNG. */
  randomPrefix(): Uint8Array;
  /** The prefix of a content: the BLAKE3 hash of its bytes. */
  contentPrefix(content: Uint8Array): Uint8Array;
  /** The id that belongs to a stored 32-byte prefix. The MAC is never stored. */
  ofPrefix(prefix: Uint8Array): string;
  /** The 32-byte prefix of an id, or null unless shape and MAC are right. Compares in constant time. */
  verify(id: string): Uint8Array | null;
}

export function isIdShaped(text: string): boolean {
  return ID_SHAPE.test(text);
}

/** The prefix of an id whose MAC is known to be right. */
export function prefixOf(id: string): Uint8Array {
  return Buffer.from(id, "base64url").subarray(0, PREFIX_BYTES);
}

/** The first and the last prefix whose ids begin with this text: characters of the MAC do not count. */
export function prefixesOfIdsFrom(beginning: string): { from: Uint8Array; to: Uint8Array } {
  // 42 characters are 252 bits of the prefix; the 43rd holds its last 4 bits, and 2 of the MAC.
  const certain = beginning.slice(0, 42);
  const padded = (character: string) => Buffer.from(certain.padEnd(43, character), "base64url");
  // "A" is six zero bits, "_" six ones.
  return { from: padded("A"), to: padded("_") };
}

export async function createIds(secret: string): Promise<Ids> {
  const contentHash = await createHash();
  const mac = await createKeyedHash(secret, "serval route-id mac v1");

  const ofPrefix = (prefix: Uint8Array) => {
    const bytes = Buffer.alloc(PREFIX_BYTES + MAC_BYTES);
    bytes.set(prefix);
    bytes.set(mac(prefix).subarray(0, MAC_BYTES), PREFIX_BYTES);
    return bytes.toString("base64url");
  };

  return {
    randomPrefix: () => crypto.getRandomValues(new Uint8Array(PREFIX_BYTES)),
    contentPrefix: (content) => contentHash(content),
    ofPrefix,
    verify(id) {
      if (!isIdShaped(id)) return null;
      // Not a Buffer: its views take longer than the hash.
      const bytes = Uint8Array.fromBase64(id, { alphabet: "base64url" });
      const prefix = bytes.subarray(0, PREFIX_BYTES);
      const expected = mac(prefix);
      // All bytes are looked at, so that the time tells nothing about where they differ.
      let difference = 0;
      for (let i = 0; i < MAC_BYTES; i++) difference |= bytes[PREFIX_BYTES + i]! ^ expected[i]!;
      return difference === 0 ? prefix : null;
    },
  };
}
