import { Database } from "bun:sqlite";

/** What must not be found in a database of ours: each query names the rows that break a rule. */
const RULES: Record<string, string> = {
  "a snippet without a ledger": `
    SELECT key FROM snippets WHERE key NOT IN (SELECT snippet FROM ledger)`,
  "a history_count that is not the number of ledger entries": `
    SELECT key, history_count FROM snippets s
     WHERE history_count != (SELECT count(*) FROM ledger l WHERE l.snippet = s.key)`,
  "version numbers with a gap": `
    SELECT snippet FROM ledger GROUP BY snippet HAVING min(version_number) != 1 OR max(version_number) != count(*)`,
  "a snippet that does not show its newest ledger entry": `
    SELECT key FROM snippets s LEFT JOIN ledger l ON l.snippet = s.key AND l.version_number = s.history_count
     WHERE l.content IS NOT s.current_content OR l.changed_at IS NOT s.updated_at`,
  "a ledger entry without content": `
    SELECT snippet, version_number FROM ledger WHERE content NOT IN (SELECT key FROM contents)`,
  "a content that no version has": `
    SELECT key FROM contents WHERE key NOT IN (SELECT content FROM ledger)`,
  "a version that is missing among its snippet's contents": `
    SELECT snippet, content FROM ledger EXCEPT SELECT snippet, content FROM snippet_contents`,
  "a content of a snippet that is no version of it": `
    SELECT snippet, content FROM snippet_contents EXCEPT SELECT snippet, content FROM ledger`,
  "a content that is not as live as its snippet": `
    SELECT snippet, content FROM snippet_contents u JOIN snippets s ON s.key = u.snippet
     WHERE u.live != (s.deleted_at IS NULL)`,
};

/** Everything that is wrong with a database, in words; nothing is the good answer. */
export function faultsIn(file: string): string[] {
  const db = new Database(file, { readonly: true, strict: true });
  try {
    const integrity = db.query<{ integrity_check: string }, []>("PRAGMA integrity_check").all();
    const damage = integrity.map((row) => row.integrity_check).filter((text) => text !== "ok");
    const broken = Object.entries({ ...RULES, "a reference to nothing": "PRAGMA foreign_key_check" }).flatMap(
      ([rule, query]) => {
        const rows = db.query(query).all();
        return rows.length > 0 ? [`${rule}: ${JSON.stringify(rows)}`] : [];
      },
    );
    return [...damage, ...broken];
  } finally {
    db.close();
  }
}

/** How many snippets are stored, whether live or not. */
export function countSnippets(file: string): number {
  const db = new Database(file, { readonly: true, strict: true });
  try {
    return db.query<{ n: number }, []>("SELECT count(*) AS n FROM snippets").get()!.n;
  } finally {
    db.close();
  }
}
