import type { DeliveryStore } from "../../snippets/store.ts";
import type { Sqlite } from "./database.ts";

interface Row {
  contentType: string | null;
  hash: Uint8Array;
  content: Uint8Array;
}

export function createDeliveryStore(db: Sqlite): DeliveryStore {
  // Without drizzle: the same row costs a prepared statement 0.4 µs and drizzle 3 µs, on the one path where
  // that is felt.
  const find = db.$client.prepare<Row, [Uint8Array]>(`
    SELECT s.content_type AS contentType, c.hash, c.content
      FROM snippets s JOIN contents c ON c.key = s.current_content
     WHERE s.prefix = ?1 AND s.deleted_at IS NULL
    UNION ALL
    SELECT NULL, c.hash, c.content
      FROM contents c
     WHERE c.hash = ?1
       AND EXISTS (SELECT 1 FROM snippet_contents u WHERE u.content = c.key AND u.live)
    LIMIT 1`);

  return {
    async deliverable(prefix) {
      const row = find.get(prefix);
      if (!row) return null;
      const { contentType, hash, content } = row;
      return contentType === null
        ? { kind: "content", content }
        : { kind: "snippet", contentType, hash, content };
    },
  };
}
