import { createIds } from "../../../src/snippets/id.ts";
import type { ArchiveRecord } from "../../../src/storage/archive.ts";
import { formatArchive } from "../../../src/storage/ndjson.ts";
import { SECRET } from "./running.ts";

/** What distinguishes one of very many snippets. */
export interface Seed {
  title: string;
  deleted: boolean;
}

/** An archive for `margay import` with a snippet for each seed, the newest first; resolves to it and to their ids. */
export async function archiveOf(seeds: Seed[]): Promise<{ text: string; ids: string[] }> {
  const ids = await createIds(SECRET);
  const content = new TextEncoder().encode("one text for all");
  const hash = ids.contentPrefix(content);
  const now = Date.now();
  const prefixes = seeds.map(() => ids.randomPrefix());

  async function* records(): AsyncGenerator<ArchiveRecord> {
    yield { type: "content", hash, content };
    for (const [i, { title, deleted }] of seeds.entries()) {
      const prefix = prefixes[i]!;
      const changedAt = now - i;
      const snippet = { prefix, ownerId: "local-dev", contentType: "text/plain", title, description: null };
      yield { type: "snippet", snippet: { ...snippet, deletedAt: deleted ? changedAt : null } };
      yield {
        type: "version",
        prefix,
        entry: { versionNumber: 1, targetHash: hash, editorId: "local-dev", changedAt },
      };
    }
  }
  const lines = await Array.fromAsync(formatArchive(records(), ids));
  return { text: lines.join(""), ids: prefixes.map((prefix) => ids.ofPrefix(prefix)) };
}
