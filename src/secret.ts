import { randomBytes } from "node:crypto";
import {
  closeSync,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { invalid, unavailable } from "./error.ts";

/**
 * The secret of a data folder: 32 random bytes in base64url, made at the first start and kept with mode 0600.
 * Throws `unavailable` if it can be neither read nor made, `invalid` if what is there is no secret.
 */
export function keepSecret(folder: string): { secret: string; file: string } {
  const file = join(folder, "id-signing-secret");
  const secret = readOrCreate(folder, file);
  if (secret.length < 32) throw invalid(`${file} is damaged: it must hold at least 32 characters`);
  return { secret, file };
}

function readOrCreate(folder: string, file: string): string {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    if (!existsSync(file)) create(file);
    return readFileSync(file, "utf8").trim();
  } catch (cause) {
    throw unavailable(`${file} can be neither read nor made: ${(cause as Error).message}`, cause);
  }
}

/** Written under another name first: every id depends on it, so it is there whole or not at all. */
function create(file: string): void {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const handle = openSync(draft, "wx", 0o600);
  writeSync(handle, `${randomBytes(32).toString("base64url")}\n`);
  fsyncSync(handle);
  closeSync(handle);
  try {
    // Unlike a renaming, a link never replaces what another process has made meanwhile.
    linkSync(draft, file);
  } catch (error) {
    if (!existsSync(file)) throw error;
  } finally {
    unlinkSync(draft);
  }
}
