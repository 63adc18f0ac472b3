import type { Delivery, Rendering } from "../../snippets/delivery.ts";
import { ID_LENGTH } from "../../snippets/id.ts";
import type { Problem } from "../problem.ts";
import { noneMatchSays } from "./conditional.ts";

/** A rendering with its headers made: what the cache keeps, and a hit only has to send. */
export interface PreparedAnswer {
  rendering: Rendering;
  full: ResponseInit;
  /** Made when it is first needed: most answers are asked for once, or always in full. */
  notModified: ResponseInit | null;
}

/** A stranger's text must not act as a page of this origin, wherever it is opened. */
const SAFETY = {
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
  "Content-Security-Policy": "default-src 'none'; sandbox",
  "Access-Control-Allow-Origin": "*",
};

const LIVE = new Headers({ ...SAFETY, "Cache-Control": "no-cache" });
const IMMUTABLE = new Headers({ ...SAFETY, "Cache-Control": "public, max-age=31536000, immutable" });

/** Headers of every delivery. To copy a `Headers` object and to add to it takes a third of making it anew. */
function headersOf({ etag, immutable }: Rendering): Headers {
  const headers = new Headers(immutable ? IMMUTABLE : LIVE);
  headers.set("ETag", etag);
  return headers;
}

export function prepareAnswer(rendering: Rendering): PreparedAnswer {
  const headers = headersOf(rendering);
  headers.set("Content-Type", rendering.contentType);
  return { rendering, full: { headers }, notModified: null };
}

/** An answer that is a sentence: for errors, which are never cached. */
export function sentence(status: number, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: {
      "Content-Type": "text/plain; charset=utf-8",
      "Cache-Control": "no-store",
      ...SAFETY,
      ...headers,
    },
  });
}

const NOT_FOUND_BODY = "not found\n";
const NOT_FOUND: ResponseInit = {
  status: 404,
  headers: new Headers({
    "Content-Type": "text/plain; charset=utf-8",
    "Cache-Control": "no-store",
    ...SAFETY,
  }),
};
/** One answer for everything that is not there, so that it tells nothing about why. */
export const notFound = () => new Response(NOT_FOUND_BODY, NOT_FOUND);

export const methodNotAllowed = () =>
  sentence(405, "method not allowed: use GET or HEAD", { Allow: "GET, HEAD" });

const SLASH = 0x2f;
const QUESTION_MARK = 0x3f;

/**
 * Answers `GET /{id}` and `GET /{id}/{filename}`; returns null for a path of another shape.
 *
 * It stands in front of Elysia's router: on a hit it does a look-up, a comparison and a write.
 */
export function createDeliveryHandler(
  delivery: Delivery<PreparedAnswer>,
  problemOf: (error: unknown) => Problem,
): (request: Request) => Response | Promise<Response> | null {
  const fail = (error: unknown) => {
    const { status, message } = problemOf(error);
    return sentence(status, message, status === 503 ? { "Retry-After": "1" } : {});
  };
  const find = (target: string, request: Request) => {
    const respond = (answer: PreparedAnswer | null) => (answer ? send(answer, request) : notFound());
    try {
      const found = delivery.find(target, request.url);
      return found instanceof Promise ? found.then(respond).catch(fail) : respond(found);
    } catch (error) {
      return fail(error);
    }
  };

  return (request) => {
    const { method, url } = request;
    const isRead = method === "GET" || method === "HEAD";
    const answer = isRead ? delivery.cached(url) : undefined;
    if (answer) return send(answer, request);
    const target = targetOf(url);
    if (!isDelivery(target)) return null;
    return isRead ? find(target, request) : methodNotAllowed();
  };
}

/** Whether a target is as long as an id, or goes on after one with a query, or with one filename. */
function isDelivery(target: string): boolean {
  if (target.length <= ID_LENGTH) return target.length === ID_LENGTH;
  const next = target.charCodeAt(ID_LENGTH);
  if (next === QUESTION_MARK) return true;
  if (next !== SLASH) return false;
  const deeper = target.indexOf("/", ID_LENGTH + 1);
  const query = target.indexOf("?", ID_LENGTH);
  return deeper < 0 || (query >= 0 && query < deeper);
}

/** What stands after the first slash of a URL's path. */
function targetOf(url: string): string {
  // Without a usable Host header, Bun's URL is the path alone; else a host follows "http://".
  return url.charCodeAt(0) === SLASH ? url.slice(1) : url.slice(url.indexOf("/", 8) + 1);
}

function send(answer: PreparedAnswer, request: Request): Response {
  const { rendering, full } = answer;
  const noneMatch = request.headers.get("if-none-match");
  if (noneMatch !== null && noneMatchSays(noneMatch, rendering.etag)) {
    answer.notModified ??= { status: 304, headers: headersOf(rendering) };
    return new Response(null, answer.notModified);
  }
  return new Response(rendering.body, full);
}
