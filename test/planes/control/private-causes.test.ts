import { describe, expect, test } from "bun:test";
import { createLocalAuthenticator } from "../../../src/auth/none.ts";
import { unavailable } from "../../../src/error.ts";
import { createControlPlane } from "../../../src/planes/control/plane.ts";
import { createCursors } from "../../../src/snippets/cursor.ts";
import { createIds } from "../../../src/snippets/id.ts";
import { createSnippetService } from "../../../src/snippets/service.ts";
import type { SnippetStore } from "../../../src/snippets/store.ts";
import { answerOf, CANARY, expectProblem } from "./problem.ts";
import { SECRET } from "./running.ts";

/** A plane over a store, and a database, of which every call fails in this way. */
async function planeThatFailsWith(error: Error) {
  const fail = () => Promise.reject(error);
  const log: { message: string; cause: unknown }[] = [];
  const ids = await createIds(SECRET);
  const store = new Proxy({} as SnippetStore, { get: () => fail });
  const cursors = await createCursors(SECRET);
  const plane = createControlPlane({
    authenticator: createLocalAuthenticator(),
    snippets: createSnippetService({ store, ids, cursors, maxContentBytes: 1_000 }),
    dataPlaneUrl: null,
    maxContentBytes: 1_000,
    ping: fail,
    logError: (message, cause) => log.push({ message, cause }),
  });
  return { plane, log, id: ids.ofPrefix(ids.randomPrefix()) };
}

const CAUSE = new Error(`${CANARY}: disk I/O error in /var/lib/${CANARY}.db`);

describe("what goes wrong inside", () => {
  test.each([
    { what: "a database that cannot be reached", error: unavailable("try again", CAUSE), status: 503 },
    { what: "an error that nobody foresaw", error: CAUSE, status: 500 },
    { what: "an error of the language", error: new TypeError(`${CANARY} is not a function`), status: 500 },
  ])("is answered with $status and logged, and its cause is never sent: $what", async ({ error, status }) => {
    const { plane, log, id } = await planeThatFailsWith(error);
    const json = { "content-type": "application/json" };
    const version = { method: "POST", headers: json, body: JSON.stringify({ content: CANARY }) };
    const requests: [path: string, init?: RequestInit][] = [
      ["/healthz"],
      ["/api/snippets"],
      ["/api/snippets", version],
      [`/api/snippets/${id}`],
      [`/api/snippets/${id}`, { ...version, method: "PATCH" }],
      [`/api/snippets/${id}`, { method: "DELETE" }],
      [`/api/snippets/${id}/history`],
    ];
    for (const [path, init] of requests) {
      const response = await plane.handle(new Request(`http://localhost${path}`, init));
      expectProblem(await answerOf(response), status);
    }
    expect(log).toHaveLength(requests.length);
    for (const { cause } of log) expect(cause).toBe(error.cause ?? error);
  });
});
