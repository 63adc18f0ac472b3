import { AppError, invalid } from "../../error.ts";

/**
 * The fields of a request's body: a JSON object of plain values. Only `application/json` is taken: a page of
 * another origin cannot send that without asking first (Fetch standard, CORS-safelisted request headers).
 *
 * Rejects with `invalid` for another type, broken JSON, or a value that is nested, with `too_large` for more
 * than `maxBytes`.
 */
export async function readFields(request: Request, maxBytes: number): Promise<Record<string, unknown>> {
  const type = request.headers.get("content-type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) {
    throw invalid("send the body as Content-Type: application/json");
  }
  const value = parseJson(await readBytes(request, maxBytes));
  if (!isObject(value) || Array.isArray(value)) throw invalid("the body is not a JSON object");
  // Before the schema sees it: what Elysia does to describe a deeply nested value takes seconds.
  for (const [name, field] of Object.entries(value)) {
    if (isObject(field))
      throw invalid(`${KNOWN_NAME.test(name) ? name : "a field"} is not valid: give a string`);
  }
  return value;
}

/** Names that may stand in a message: ours, and nobody else's text. */
const KNOWN_NAME = /^(content|content_type|title|description|target_hash)$/;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null;

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw invalid("the body is not valid JSON in UTF-8");
  }
}

async function readBytes(request: Request, maxBytes: number): Promise<Uint8Array> {
  const tooLarge = () => new AppError("too_large", `the body is larger than ${maxBytes} bytes`);
  if (Number(request.headers.get("content-length") ?? 0) > maxBytes) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw tooLarge();
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}
