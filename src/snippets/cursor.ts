import { timingSafeEqual } from "node:crypto";
import { invalid } from "../error.ts";
import { createKeyedHash } from "./mac.ts";

const MAC_BYTES = 16;

/** Opaque page cursors: signed, so that only what this server issued is taken back. */
export interface Cursors {
  /** `kind` tags the endpoint; `position` is where the next page begins. */
  seal(kind: string, position: Record<string, unknown>): string;
  /** The position, or an `invalid` error if the text is malformed, tampered with, or of another kind. */
  open(kind: string, cursor: string): Record<string, unknown>;
}

/** The text of a cursor is `base64url(payload) "." base64url(mac)`; the payload is JSON that begins with its kind. */
export async function createCursors(secret: string): Promise<Cursors> {
  const hash = await createKeyedHash(secret, "serval pagination cursor mac v1");
  const macOf = (payload: Uint8Array | string) => Buffer.from(hash(payload).subarray(0, MAC_BYTES));
  const refuse = () => invalid("cursor is not one that this endpoint issued");

  return {
    seal(kind, position) {
      const payload = JSON.stringify({ kind, ...position });
      return `${Buffer.from(payload).toString("base64url")}.${macOf(payload).toString("base64url")}`;
    },
    open(kind, cursor) {
      const [payloadText = "", macText = "", ...rest] = cursor.split(".");
      const payload = Buffer.from(payloadText, "base64url");
      const mac = Buffer.from(macText, "base64url");
      // Decoding is lenient; only the one canonical spelling of a cursor is a cursor.
      const canonical = `${payload.toString("base64url")}.${mac.toString("base64url")}` === cursor;
      if (rest.length > 0 || !canonical || mac.length !== MAC_BYTES) throw refuse();
      if (!timingSafeEqual(mac, macOf(payload))) throw refuse();
      // The MAC proves that this JSON is our own.
      const { kind: sealedKind, ...position } = JSON.parse(payload.toString()) as Record<string, unknown>;
      if (sealedKind !== kind) throw refuse();
      return position;
    },
  };
}
