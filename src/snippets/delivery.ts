import { LRUCache } from "lru-cache";
import { contentType as contentTypeOf } from "mime-types";
import { AppError } from "../error.ts";
import type { SnippetEtag } from "./etag.ts";
import { ID_LENGTH, type Ids } from "./id.ts";
import { DEFAULT_CONTENT_TYPE, decodeContent } from "./snippet.ts";
import type { Deliverable, DeliveryStore, Prefix } from "./store.ts";
import { compile, parseQuery, render, type Template } from "./template.ts";

/** What a request gets, before it is put into an answer. */
export interface Rendering {
  body: string | Blob;
  contentType: string;
  /** A strong entity tag, quotes included. */
  etag: string;
  /** Whether these bytes stand for ever under this address, as those of a content id do. */
  immutable: boolean;
}

/** A cached snippet or content, compiled, and the answers that were made from it. */
interface Entry<Answer> {
  kind: Deliverable["kind"];
  contentType: string;
  /** Content id of the text. */
  hash: string;
  /** Ready for sending where the text has no placeholder; such an answer costs no copy. */
  constant: Blob | null;
  template: Template;
  /** Answers by what follows the id in the address: `/filename?query`. */
  answers: Map<string, Answer>;
  /** Bytes that the entry is counted with. */
  size: number;
}

/** Bytes that an entry and an answer take beside their texts; measured with `bench memory`. */
const ENTRY_OVERHEAD = 1_024;
const ANSWER_OVERHEAD = 1_536;
/** Answers that one entry keeps. Whoever asks with ever new queries only makes an entry begin anew. */
const ANSWERS_PER_ENTRY = 64;

export type Delivery<Answer> = ReturnType<typeof createDelivery<Answer>>;

/**
 * Delivery of snippets by what stands in an address after its first slash, the target:
 * `{id}[/{filename}][?{query}]`. What can be computed once is: a text is compiled when it is loaded, and an
 * answer that was made is kept beside it.
 *
 * Only verified ids get into the cache, so a hit proves an id; what does not exist is never kept.
 */
export function createDelivery<Answer>({
  store,
  changes,
  ids,
  etagOf,
  cacheByteBudget,
  maxRenderedBytes,
  present,
}: {
  store: DeliveryStore;
  changes: { subscribe(listener: (change: { prefix: Prefix }) => void): () => void };
  ids: Ids;
  etagOf: SnippetEtag;
  cacheByteBudget: number;
  maxRenderedBytes: number;
  /** Makes of a rendering what a plane sends. */
  present(rendering: Rendering): Answer;
}) {
  // lru-cache takes 0 for "no bound", so a budget of 0 is one that nothing fits in.
  const cache = new LRUCache<string, Entry<Answer>>({ maxSize: Math.max(1, cacheByteBudget) });
  const loads = new Map<string, Promise<Entry<Answer> | null>>();

  const unsubscribe = changes.subscribe(({ prefix }) => {
    const id = ids.ofPrefix(prefix);
    cache.delete(id);
    // Who waits for a load that began before the change still gets its result; it is not kept, and who asks
    // from now on does not join it.
    loads.delete(id);
  });

  /** Loads an entry, once for all who wait for it. */
  const load = (id: string, prefix: Prefix): Promise<Entry<Answer> | null> => {
    const underWay = loads.get(id);
    if (underWay) return underWay;
    const loading = store.deliverable(prefix).then(
      (deliverable) => {
        const entry = deliverable && compileEntry<Answer>(id, deliverable, ids);
        if (loads.get(id) !== loading) return entry;
        loads.delete(id);
        if (entry) cache.set(id, entry, { size: entry.size });
        return entry;
      },
      (error) => {
        if (loads.get(id) === loading) loads.delete(id);
        throw error;
      },
    );
    loads.set(id, loading);
    return loading;
  };

  const answer = (id: string, entry: Entry<Answer>, suffix: string): Answer => {
    const rendering = renderEntry(entry, suffix, etagOf, maxRenderedBytes);
    const made = present(rendering);
    const size =
      ANSWER_OVERHEAD +
      2 * suffix.length +
      (typeof rendering.body === "string" ? 2 * rendering.body.length : 0);
    // An answer that is large against the whole budget would drive out many others.
    if (size > cacheByteBudget / 64 || cache.peek(id) !== entry) return made;
    if (entry.answers.size >= ANSWERS_PER_ENTRY) {
      entry.answers.clear();
      entry.size = sizeOf(entry);
    }
    entry.answers.set(suffix, made);
    entry.size += size;
    // lru-cache does not count a value anew that it has already.
    cache.delete(id);
    cache.set(id, entry, { size: entry.size });
    return made;
  };

  return {
    /** The answer to a target if it is in the cache, in whole. */
    cached(target: string): Answer | undefined {
      return cache.get(target.slice(0, ID_LENGTH))?.answers.get(target.slice(ID_LENGTH));
    },

    /**
     * The answer to a target, or null for one that does not exist: at once, unless it has to be loaded. A forged
     * id is told before any look-up. Throws or rejects with `invalid` where the rendered text would be too large;
     * rejects with what the store rejects with.
     */
    find(target: string): Answer | null | Promise<Answer | null> {
      const id = target.slice(0, ID_LENGTH);
      const suffix = target.slice(ID_LENGTH);
      const entry = cache.get(id);
      if (entry) return answer(id, entry, suffix);
      const prefix = ids.verify(id);
      if (!prefix) return null;
      return load(id, prefix).then((loaded) => loaded && answer(id, loaded, suffix));
    },

    /** Entries and bytes in the cache. */
    stats: () => ({ entries: cache.size, bytes: cache.calculatedSize }),

    close: unsubscribe,
  };
}

function compileEntry<Answer>(id: string, deliverable: Deliverable, ids: Ids): Entry<Answer> {
  const { kind, content } = deliverable;
  const template = compile(decodeContent(content));
  const entry: Entry<Answer> = {
    kind,
    contentType: kind === "snippet" ? deliverable.contentType : DEFAULT_CONTENT_TYPE,
    hash: kind === "snippet" ? ids.ofPrefix(deliverable.hash) : id,
    constant: template.names.length === 0 ? new Blob([content]) : null,
    template,
    answers: new Map(),
    size: 0,
  };
  // A constant text is kept as bytes only.
  if (entry.constant) entry.template = { literals: [], names: [] };
  entry.size = sizeOf(entry);
  return entry;
}

/** Bytes of an entry without its answers: keys, texts (two bytes a unit at the most) and overhead. */
function sizeOf({ constant, template }: Entry<unknown>): number {
  const texts = [...template.literals, ...template.names];
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  return ENTRY_OVERHEAD + (constant?.size ?? 0) + 2 * units + 32 * texts.length;
}

function renderEntry(
  { kind, contentType, hash, constant, template }: Entry<unknown>,
  suffix: string,
  etagOf: SnippetEtag,
  maxRenderedBytes: number,
): Rendering {
  const mark = suffix.indexOf("?");
  const filename = mark < 0 ? suffix : suffix.slice(0, mark);
  const rawQuery = mark < 0 ? "" : suffix.slice(mark + 1);
  const body = constant ?? render(template, parseQuery(rawQuery), maxRenderedBytes);
  // A unit takes three bytes at the most, so most texts need no counting.
  const exceeds = (text: string) =>
    3 * text.length > maxRenderedBytes && Buffer.byteLength(text) > maxRenderedBytes;
  if (body === null || (typeof body === "string" && exceeds(body))) {
    throw new AppError("invalid", `the rendered text is larger than the ${maxRenderedBytes} bytes allowed`);
  }
  return {
    body,
    contentType: typeOfFilename(filename) ?? contentType,
    etag: kind === "snippet" ? etagOf(hash, rawQuery) : `"${hash}"`,
    immutable: kind === "content",
  };
}

/** The media type of a known extension, with its charset where it has one. */
function typeOfFilename(filename: string): string | null {
  const extension = /\.[A-Za-z0-9]+$/.exec(filename);
  return (extension && contentTypeOf(extension[0])) || null;
}
