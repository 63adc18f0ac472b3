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

/** A loaded snippet or content, compiled. */
interface Entry {
  kind: Deliverable["kind"];
  contentType: string;
  /** Content id of the text. */
  hash: string;
  /** Ready for sending where the text has no placeholder; such an answer costs no copy. */
  constant: Blob | null;
  template: Template;
  /** Hashes of addresses that were asked for lately, each in the place that it takes by itself. */
  asked: Uint32Array;
  /** Addresses whose answers are kept. */
  kept: string[];
  /** Bytes that the entry and its answers are counted with. */
  size: number;
}

/** Bytes that an entry and an answer take beside their texts; measured with `bench memory`. */
const ENTRY_OVERHEAD = 1_536;
const ANSWER_OVERHEAD = 1_536;
/** Answers that one entry keeps. */
const ANSWERS_PER_ENTRY = 64;

export type Delivery<Answer> = ReturnType<typeof createDelivery<Answer>>;

/**
 * Delivery of snippets by what stands in an address after its first slash, the target:
 * `{id}[/{filename}][?{query}]`. What can be computed once is: a text is compiled when it is loaded, and what
 * is asked for a second time is kept as it was answered, under the whole address, so that a hit is one look-up.
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
  const cache = new LRUCache<string, { entry: Entry }>({
    maxSize: Math.max(1, cacheByteBudget),
    dispose: ({ entry }, _, reason) => {
      // "set" is the same entry, counted anew.
      if (reason !== "set") forget(entry);
    },
  });
  const answers = new Map<string, { id: string; answer: Answer }>();
  const loads = new Map<string, Promise<Entry | null>>();

  const forget = (entry: Entry) => {
    for (const address of entry.kept) answers.delete(address);
    entry.kept = [];
  };

  const unsubscribe = changes.subscribe(({ prefix }) => {
    const id = ids.ofPrefix(prefix);
    cache.delete(id);
    // Who waits for a load that began before the change still gets its result; it is not kept, and who asks
    // from now on does not join it.
    loads.delete(id);
  });

  /** Loads an entry, once for all who wait for it. */
  const load = (id: string, prefix: Prefix): Promise<Entry | null> => {
    const underWay = loads.get(id);
    if (underWay) return underWay;
    const loading = store.deliverable(prefix).then(
      (deliverable) => {
        const entry = deliverable && compileEntry(id, deliverable, ids);
        if (loads.get(id) !== loading) return entry;
        loads.delete(id);
        if (entry) cache.set(id, { entry }, { size: entry.size });
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

  const answer = (id: string, entry: Entry, suffix: string, address: string): Answer => {
    const rendering = renderEntry(entry, suffix, etagOf, maxRenderedBytes);
    const made = present(rendering);
    if (isAskedAgain(entry, address)) keep(id, entry, address, made, rendering);
    return made;
  };

  const keep = (id: string, entry: Entry, address: string, made: Answer, { body }: Rendering) => {
    const size = ANSWER_OVERHEAD + 2 * address.length + (typeof body === "string" ? 2 * body.length : 0);
    // An answer that is large against the whole budget would drive out many others.
    if (size > cacheByteBudget / 64 || cache.peek(id)?.entry !== entry || answers.has(address)) return;
    // What does not fit lru-cache drops, and tells it as if it were set.
    if (entry.size + size > cacheByteBudget) return;
    if (entry.kept.length >= ANSWERS_PER_ENTRY) {
      forget(entry);
      entry.size = sizeOf(entry);
    }
    answers.set(address, { id, answer: made });
    entry.kept.push(address);
    entry.size += size;
    // lru-cache counts a value anew only if it is another one.
    cache.set(id, { entry }, { size: entry.size });
  };

  return {
    /** The answer to an address if it is kept. */
    cached(address: string): Answer | undefined {
      const kept = answers.get(address);
      if (kept === undefined) return undefined;
      // What is used stays longest.
      cache.get(kept.id);
      return kept.answer;
    },

    /**
     * The answer to a target, or null for one that does not exist: at once, unless it has to be loaded. A forged
     * id is told before any look-up. `address` is the name under which the answer may be kept: all that the
     * caller knows a request by.
     *
     * Throws or rejects with `invalid` where the rendered text would be too large; rejects with what the store
     * rejects with.
     */
    find(target: string, address = target): Answer | null | Promise<Answer | null> {
      const id = target.slice(0, ID_LENGTH);
      const suffix = target.slice(ID_LENGTH);
      const cached = cache.get(id);
      if (cached) return answer(id, cached.entry, suffix, address);
      const prefix = ids.verify(id);
      if (!prefix) return null;
      return load(id, prefix).then((entry) => entry && answer(id, entry, suffix, address));
    },

    /** Entries and bytes in the cache. */
    stats: () => ({ entries: cache.size, bytes: cache.calculatedSize }),

    close: unsubscribe,
  };
}

/** Whether an address was asked for before: what is asked only once is not worth keeping. */
function isAskedAgain({ asked }: Entry, address: string): boolean {
  const hash = Bun.hash.xxHash32(address);
  const place = hash % asked.length;
  const again = asked[place] === hash;
  asked[place] = hash;
  return again;
}

function compileEntry(id: string, deliverable: Deliverable, ids: Ids): Entry {
  const { kind, content } = deliverable;
  const template = compile(decodeContent(content));
  const entry: Entry = {
    kind,
    contentType: kind === "snippet" ? deliverable.contentType : DEFAULT_CONTENT_TYPE,
    hash: kind === "snippet" ? ids.ofPrefix(deliverable.hash) : id,
    constant: template.names.length === 0 ? new Blob([content]) : null,
    template,
    asked: new Uint32Array(ANSWERS_PER_ENTRY),
    kept: [],
    size: 0,
  };
  // A constant text is kept as bytes only.
  if (entry.constant) entry.template = { literals: [], names: [] };
  entry.size = sizeOf(entry);
  return entry;
}

/** Bytes of an entry without its answers: keys, texts (two bytes a unit at the most) and overhead. */
function sizeOf({ constant, template }: Entry): number {
  const texts = [...template.literals, ...template.names];
  const units = texts.reduce((sum, text) => sum + text.length, 0);
  return ENTRY_OVERHEAD + (constant?.size ?? 0) + 2 * units + 32 * texts.length;
}

function renderEntry(
  { kind, contentType, hash, constant, template }: Entry,
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
