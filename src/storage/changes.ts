/**
 * "Entity X changed": ids, never contents. `prefix` is the 32-byte prefix of a snippet or of a content whose
 * delivery may now differ.
 */
export interface Change {
  kind: "snippet" | "content";
  prefix: Uint8Array;
}

/**
 * The change feed. A driver publishes after the commit and before the write resolves, so that whoever waits
 * for the write finds every subscriber of its own process informed.
 */
export interface ChangeFeed {
  /** Returns a function that ends the subscription. A listener must not throw and must not block. */
  subscribe(listener: (change: Change) => void): () => void;
}

/** A feed within one process: a function call for each listener. */
export function createChangeFeed(): ChangeFeed & { publish(change: Change): void } {
  const listeners = new Set<(change: Change) => void>();
  return {
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish(change) {
      for (const listener of listeners) listener(change);
    },
  };
}
