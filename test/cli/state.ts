import { api, createSnippet, type RunningServer } from "../server.ts";
import type { Workspace } from "./workspace.ts";

/** Snippets in every state, with texts that something on the way might change, and users. */
export async function fill({ server, margay }: Workspace): Promise<void> {
  await createSnippet(server, "a\u0085b\0c\r\nd 🦊", { title: "née\0🦊", content_type: "text/css" });
  await createSnippet(server, "\ufeff");
  await createSnippet(server, "");
  const edited = await createSnippet(server, "shared {{name}}", { description: "edited" });
  for (const content of ["second", "shared {{name}}", "third"]) {
    await api(server, "PATCH", `/api/snippets/${edited}`, { content });
  }
  const removed = await createSnippet(server, "shared {{name}}", { title: "removed" });
  await api(server, "PATCH", `/api/snippets/${removed}`, { content: "only here" });
  await api(server, "DELETE", `/api/snippets/${removed}`);
  const restored = await createSnippet(server, "restored");
  await api(server, "DELETE", `/api/snippets/${restored}`);
  const { body } = await api(server, "GET", `/api/snippets/${restored}`);
  await api(server, "POST", `/api/snippets/${restored}/restore`, {
    target_hash: body.history[0].target_hash,
  });
  await margay(["admin", "promote", "ann"]);
  await margay(["admin", "promote", "bob"]);
  await margay(["admin", "demote", "bob"]);
}

interface Listed {
  id: string;
}

/** All that a server shows: lists, ledgers, contents, and how every id is delivered. */
export async function everythingOf(server: RunningServer) {
  const list = async (deleted: boolean): Promise<Listed[]> =>
    (await api(server, "GET", `/api/snippets?limit=50&deleted=${deleted}`)).body.snippets;
  const deliver = async (id: string) => {
    const response = await fetch(`${server.data}/${id}?name=world`);
    const headers = ["content-type", "etag", "cache-control"].map((name) => response.headers.get(name));
    return { status: response.status, headers, text: await response.text() };
  };
  const [live, deleted] = [await list(false), await list(true)];
  const snippets = await Promise.all(
    [...live, ...deleted].map(async ({ id }) => {
      const { body } = await api(server, "GET", `/api/snippets/${id}?limit=50`);
      const versions = await Promise.all(
        body.history.map(async ({ target_hash }: { target_hash: string }) => [
          (await api(server, "GET", `/api/snippets/${id}/versions/${target_hash}`)).body,
          await deliver(target_hash),
        ]),
      );
      return { body, versions, delivered: await deliver(id) };
    }),
  );
  return { live, deleted, snippets };
}
