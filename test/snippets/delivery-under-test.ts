import { createDelivery, type Rendering } from "../../src/snippets/delivery.ts";
import { createIds } from "../../src/snippets/id.ts";
import type { Deliverable, Prefix } from "../../src/snippets/store.ts";

const ids = await createIds("a secret of tests, of 32 characters or more");
const hexOf = (prefix: Prefix) => Buffer.from(prefix).toString("hex");
const textOf = async ({ body }: Rendering) => (typeof body === "string" ? body : body.text());

export interface Load {
  id: string;
  /** Changes of this id that had been told when it began. */
  after: number;
  /** Whether its outcome is there. */
  settled: boolean;
  /** Resolves to what was stored when it began, as a database does that reads a snapshot. */
  finish(): void;
  fail(error: Error): void;
}

export type DeliveryUnderTest = ReturnType<typeof deliveryUnderTest>;

/** A delivery over a store whose loads end when a test says so, or at once. */
export function deliveryUnderTest({ budget = 2 ** 20, maxRenderedBytes = 2 ** 20, atOnce = false } = {}) {
  const stored = new Map<string, Deliverable>();
  const loads: Load[] = [];
  const told = new Map<string, number>();
  const listeners = new Set<(change: { prefix: Prefix }) => void>();
  const delivery = createDelivery<Rendering>({
    store: {
      deliverable(prefix) {
        const snapshot = stored.get(hexOf(prefix)) ?? null;
        const { promise, resolve, reject } = Promise.withResolvers<Deliverable | null>();
        const load: Load = {
          id: ids.ofPrefix(prefix),
          after: told.get(ids.ofPrefix(prefix)) ?? 0,
          settled: false,
          finish() {
            load.settled = true;
            resolve(snapshot);
          },
          fail(error) {
            load.settled = true;
            reject(error);
          },
        };
        loads.push(load);
        if (atOnce) load.finish();
        return promise;
      },
    },
    changes: {
      subscribe(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    ids,
    etagOf: (hash, rawQuery) => `"${hash}?${rawQuery}"`,
    cacheByteBudget: budget,
    maxRenderedBytes,
    present: (rendering) => rendering,
  });
  const prefixes = new Map<string, Prefix>();
  const changed = (id: string) => {
    told.set(id, (told.get(id) ?? 0) + 1);
    for (const listener of listeners) listener({ prefix: prefixes.get(id)! });
  };
  return {
    delivery,
    loads,
    listeners,
    changed,
    /** Stores a snippet's text and tells of it, as a write does when it is acknowledged; null removes it. */
    publish(id: string, text: string | null, tell = true) {
      const prefix = prefixes.get(id)!;
      const content = new TextEncoder().encode(text ?? "");
      if (text === null) stored.delete(hexOf(prefix));
      else
        stored.set(hexOf(prefix), {
          kind: "snippet",
          contentType: "text/x",
          hash: ids.contentPrefix(content),
          content,
        });
      if (tell) changed(id);
    },
    newId() {
      const prefix = ids.randomPrefix();
      const id = ids.ofPrefix(prefix);
      prefixes.set(id, prefix);
      return id;
    },
    async text(target: string) {
      const answer = await delivery.find(target);
      return answer && textOf(answer);
    },
    async cachedText(target: string) {
      const answer = delivery.cached(target);
      return answer && textOf(answer);
    },
  };
}

/** The same with one snippet in its store. */
export function withSnippet(text: string, options?: Parameters<typeof deliveryUnderTest>[0]) {
  const subject = deliveryUnderTest(options);
  const id = subject.newId();
  subject.publish(id, text);
  return { ...subject, id };
}
