import type { LedgerRecord, Prefix, SnippetStore } from "../../src/snippets/store.ts";
import { hashOf, plain } from "./samples.ts";

/** One write, by numbers of a world's snippets and texts. */
export type Operation =
  | { do: "create"; slot: number; text: number; title: string | null; at: number }
  | { do: "edit"; slot: number; text?: number; title?: string | null; at: number }
  /** `pick` chooses one of the versions that there are. */
  | { do: "restore"; slot: number; pick: number; at: number }
  | { do: "remove"; slot: number; at: number };

interface ModelSnippet {
  prefix: Prefix;
  title: string | null;
  ledger: LedgerRecord[];
  deletedAt: number | null;
}

interface Step {
  /** What the store's method is to return, or "conflict". */
  expected: unknown;
  /** What has to be published at least; null if nothing may change and nothing may be told. */
  changed: string[] | null;
  write(store: SnippetStore): Promise<unknown>;
}

const CONTENT_TYPE = "text/css";

/** The store of snippets in memory, as simple as can be: a map of snippets with their ledgers. */
export function createModel({
  ownerId,
  prefixes,
  contents,
}: {
  ownerId: string;
  prefixes: Prefix[];
  contents: Uint8Array[];
}) {
  const snippets = new Map<number, ModelSnippet>();
  const hashes = contents.map(hashOf);
  const contentOf = (hash: Prefix) => contents[hashes.findIndex((each) => Buffer.compare(each, hash) === 0)]!;
  const uses = ({ ledger }: ModelSnippet, hash: Prefix) =>
    ledger.some(({ targetHash }) => Buffer.compare(targetHash, hash) === 0);

  const recordOf = ({ prefix, title, ledger, deletedAt }: ModelSnippet) => ({
    prefix,
    ownerId,
    contentType: CONTENT_TYPE,
    title,
    description: null,
    currentHash: ledger.at(-1)!.targetHash,
    historyCount: ledger.length,
    updatedAt: ledger.at(-1)!.changedAt,
    deletedAt,
  });
  const append = (snippet: ModelSnippet, targetHash: Prefix, changedAt: number) =>
    snippet.ledger.push({ targetHash, editorId: "ann", changedAt, versionNumber: snippet.ledger.length + 1 });
  const snippetKey = (prefix: Prefix) => `snippet ${plain(prefix)}`;

  const apply = (operation: Operation): Step => {
    const { slot, at } = operation;
    const prefix = prefixes[slot]!;
    const present = snippets.get(slot);
    const done = (snippet: ModelSnippet) => ({
      expected: plain(recordOf(snippet)),
      changed: [snippetKey(prefix)],
    });
    const nothing = (expected: unknown) => ({ expected, changed: null });
    const versionOf = (hash: Prefix) => ({ hash, editorId: "ann", changedAt: at });

    switch (operation.do) {
      case "create": {
        const { title, text } = operation;
        const [hash, content] = [hashes[text]!, contents[text]!];
        const fields = { prefix, ownerId, contentType: CONTENT_TYPE, title, description: null };
        const write = (store: SnippetStore) => store.create(fields, { ...versionOf(hash), content });
        if (present) return { ...nothing("conflict"), write };
        const created: ModelSnippet = { prefix, title, ledger: [], deletedAt: null };
        append(created, hash, at);
        snippets.set(slot, created);
        return { ...done(created), write };
      }
      case "edit": {
        const { title, text } = operation;
        const metadata = title === undefined ? {} : { title };
        const version =
          text === undefined ? undefined : { ...versionOf(hashes[text]!), content: contents[text]! };
        const write = (store: SnippetStore) => store.edit(prefix, metadata, version);
        if (!present || present.deletedAt !== null) return { ...nothing(null), write };
        if (title !== undefined) present.title = title;
        if (version) append(present, version.hash, at);
        // An edit of nothing need not be told.
        const changed = title === undefined && !version ? [] : [snippetKey(prefix)];
        return { ...done(present), changed, write };
      }
      case "restore": {
        const ledger = present?.ledger ?? [];
        const hash = ledger[operation.pick % ledger.length]?.targetHash ?? hashes[0]!;
        const write = (store: SnippetStore) => store.restore(prefix, versionOf(hash));
        if (!present) return { ...nothing(null), write };
        present.deletedAt = null;
        append(present, hash, at);
        return { ...done(present), write };
      }
      case "remove": {
        const write = (store: SnippetStore) => store.remove(prefix, at);
        if (!present) return { ...nothing(false), write };
        if (present.deletedAt !== null) return { expected: true, changed: [], write };
        const before = hashes.filter(isDelivered);
        present.deletedAt = at;
        const gone = before.filter((hash) => !isDelivered(hash));
        const changed = [snippetKey(prefix), ...gone.map((hash) => `content ${plain(hash)}`)];
        return { expected: true, changed, write };
      }
    }
  };

  const isDelivered = (hash: Prefix) =>
    [...snippets.values()].some((snippet) => snippet.deletedAt === null && uses(snippet, hash));

  const list = (deleted: boolean) =>
    [...snippets.values()]
      .filter((snippet) => (snippet.deletedAt !== null) === deleted)
      .map(recordOf)
      .sort((a, b) => b.updatedAt - a.updatedAt || Buffer.compare(b.prefix, a.prefix));

  const deliver = (snippet: ModelSnippet | undefined) => {
    if (!snippet || snippet.deletedAt !== null) return null;
    const hash = snippet.ledger.at(-1)!.targetHash;
    return { kind: "snippet", contentType: CONTENT_TYPE, hash, content: contentOf(hash) };
  };

  return {
    /** Does an operation here, and tells what the store has to do. */
    apply,
    /** All that the ports must show now. */
    observe() {
      const each = prefixes.map((_, slot) => snippets.get(slot));
      return plain({
        found: each.map((snippet) => (snippet ? recordOf(snippet) : null)),
        ledgers: each.map((snippet) => (snippet ? [...snippet.ledger].reverse() : [])),
        versions: each.map((snippet) =>
          hashes.map((hash) => (snippet && uses(snippet, hash) ? contentOf(hash) : null)),
        ),
        live: list(false),
        deleted: list(true),
        delivered: [
          ...each.map(deliver),
          ...hashes.map((hash) => (isDelivered(hash) ? { kind: "content", content: contentOf(hash) } : null)),
        ],
      });
    },
  };
}
