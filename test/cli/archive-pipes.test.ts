import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { createIds } from "../../src/snippets/id.ts";
import type { ArchiveRecord } from "../../src/storage/archive.ts";
import { formatArchive } from "../../src/storage/ndjson.ts";
import { type Program, temporaryFolder } from "../server.ts";
import { shell } from "./workspace.ts";

const SECRET = "the secret of a large archive, long enough";
// Either is larger than any buffer on the way.
describe.each<[Program, number]>([
  ["source", 300],
  ["executable", 3_000],
])("a large archive through pipes, from %s, of %i snippets", (program, count) => {
  const folder = temporaryFolder();
  const run = (script: string) =>
    shell(program, script, folder.path, { ID_SIGNING_SECRET: SECRET, DATA_DIR: join(folder.path, "first") });
  beforeAll(async () => {
    const lines = await Array.fromAsync(formatArchive(manySnippets(count), await createIds(SECRET)));
    writeFileSync(join(folder.path, "large.ndjson"), lines.join(""));
    const { stdout, stderr } = await run("cat large.ndjson | margay import");
    expect(stderr).toBe("");
    expect(stdout.toString()).toBe(`imported ${count} snippets with ${count} versions and 0 users\n`);
  });
  afterAll(() => folder.remove());

  test("goes from one folder straight into another, whole", async () => {
    const { code, stdout, stderr } = await run(
      "margay export | (export DATA_DIR=second; margay import) && (export DATA_DIR=second; margay export) | cmp - large.ndjson",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(stdout.toString()).toStartWith(`imported ${count} snippets`);
  });

  test("waits for a slow reader", async () => {
    const { code, stderr } = await run(
      "margay export | (head -c 100000; sleep 0.5; cat) | cmp - large.ndjson",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test("ends when its reader has enough, and says nothing that looks like a fault of ours", async () => {
    const { code, stdout, stderr } = await run("margay export | head -1");
    expect(code).toBe(0);
    expect(JSON.parse(stdout.toString())).toMatchObject({ type: "margay", format: 1 });
    expect(stderr).not.toContain("    at ");
  });

  test("is appended to what a file holds already", async () => {
    const { code, stderr } = await run(
      "echo before > both && margay export >> both && (echo before; cat large.ndjson) | cmp - both",
    );
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });
});

async function* manySnippets(count: number): AsyncGenerator<ArchiveRecord> {
  const ids = await createIds(SECRET);
  const contents = Array.from({ length: count }, (_, i) => Buffer.from(`${i} `.repeat(20)));
  const hashes = contents.map((content) => ids.contentPrefix(content));
  for (const [i, content] of contents.entries()) yield { type: "content", hash: hashes[i]!, content };
  for (let i = 0; i < count; i++) {
    const prefix = ids.randomPrefix();
    const [ownerId, title, contentType] = ["ann", `snippet ${i}`, "text/plain"];
    yield {
      type: "snippet",
      snippet: { prefix, ownerId, contentType, title, description: null, deletedAt: null },
    };
    const entry = { targetHash: hashes[i]!, editorId: "ann", changedAt: i, versionNumber: 1 };
    yield { type: "version", prefix, entry };
  }
}
