import { blake3 } from "@noble/hashes/blake3.js";
import { createBLAKE3 } from "hash-wasm";

/** BLAKE3 over the concatenation of `parts`, 32 bytes. The result is the caller's own copy. */
export type Hash = (...parts: (string | Uint8Array)[]) => Uint8Array;

/** Unkeyed BLAKE3 (specification section 2.3, mode `hash`). */
export async function createHash(): Promise<Hash> {
  return hashOf(await createBLAKE3(256));
}

/**
 * BLAKE3 in mode `keyed_hash` under the key `derive_key(context, secret)` (specification section 2.3).
 * The purposes of one secret are kept apart by their contexts.
 */
export async function createKeyedHash(secret: string, context: string): Promise<Hash> {
  // hash-wasm has no derive_key; noble does it once, at start.
  const encoder = new TextEncoder();
  const key = blake3(encoder.encode(secret), { context: encoder.encode(context) });
  return hashOf(await createBLAKE3(256, key));
}

function hashOf(hasher: Awaited<ReturnType<typeof createBLAKE3>>): Hash {
  // One instance serves every call: no call awaits between init and digest.
  return (...parts) => {
    hasher.init();
    for (const part of parts) hasher.update(part);
    return hasher.digest("binary");
  };
}
