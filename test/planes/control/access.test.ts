import { beforeEach, describe, expect, test } from "bun:test";
import type { ApiAnswer } from "../../server.ts";
import { directPlane } from "./direct-plane.ts";
import { CANARY, expectProblem } from "./problem.ts";

/** What the plane answers to everybody; all else is for who is signed in. */
const PUBLIC = [
  "GET /healthz",
  "GET /api/auth-info",
  "GET /openapi",
  "GET /openapi/json",
  "GET /openapi/start.js",
  "GET /openapi/swagger-ui.css",
  "GET /openapi/swagger-ui.js",
];

describe("access to the control plane", () => {
  const direct = directPlane();
  let id: string;
  let hash: string;
  beforeEach(async () => {
    const created = await direct.call("alice", "POST", "/api/snippets", { content: "first", title: "hers" });
    expect(created.status).toBe(201);
    id = created.body.id as string;
    await direct.call("alice", "PATCH", `/api/snippets/${id}`, { content: "second" });
    const { body } = await direct.call("alice", "GET", `/api/snippets/${id}`);
    const [, first] = body.history as { target_hash: string }[];
    hash = first!.target_hash;
  });

  const routes = () => direct.plane.routes.map(({ method, path }) => `${method} ${path}`);
  const split = (route: string) => {
    const [method, path] = route.split(" ") as [string, string];
    return { method, path: path.replace(":id", id).replace(":hash", hash) };
  };
  const asOwner = async () => {
    const [snippet, live, deleted] = await Promise.all([
      direct.call("alice", "GET", `/api/snippets/${id}?limit=50`),
      direct.call("alice", "GET", "/api/snippets?limit=50"),
      direct.call("alice", "GET", "/api/snippets?limit=50&deleted=true"),
    ]);
    return [snippet.body, live.body, deleted.body];
  };

  test("the public routes are these, and each answers without credentials", async () => {
    const open: string[] = [];
    for (const route of routes()) {
      const { method, path } = split(route);
      if ((await direct.call(null, method, path)).status !== 401) open.push(route);
    }
    expect(open.sort()).toEqual(PUBLIC.toSorted());
    for (const route of PUBLIC) {
      const { method, path } = split(route);
      expect((await direct.call(null, method, path)).status).toBe(200);
    }
  });

  // A body, a query or an id that is wrong must not tell a stranger anything, not even that it is wrong.
  test.each<{ what: string; body?: unknown; query?: string; anyId?: string }>([
    { what: "with nothing else" },
    { what: "with a right body", body: { content: "third", target_hash: CANARY } },
    { what: "with a body of wrong types", body: { content: 5, title: [], target_hash: null } },
    { what: "with a body that is no JSON", body: `${CANARY}{` },
    { what: "with a body that is too large", body: { content: CANARY.repeat(20_000) } },
    { what: "with a wrong query", query: "?limit=0&cursor=x&deleted=x" },
    { what: "with an id that does not exist", anyId: "A".repeat(64) },
    { what: "with a malformed id", anyId: CANARY },
  ])(
    "every other route answers 401 without credentials, $what; nothing changes",
    async ({ body, query = "", anyId }) => {
      const before = await asOwner();
      const guarded = routes().filter((route) => !PUBLIC.includes(route));
      expect(guarded.length).toBeGreaterThanOrEqual(9);
      const open: { route: string; answer: ApiAnswer }[] = [];
      for (const route of guarded) {
        const { method, path } = split(route);
        const sent = method === "GET" ? undefined : body;
        const answer = await direct.call(null, method, path.replace(id, anyId ?? id) + query, sent);
        if (answer.status === 401) expectProblem(answer, 401);
        else open.push({ route, answer });
      }
      expect(open.map(({ route, answer }) => `${route}: ${answer.status}`)).toEqual([]);
      expect(await asOwner()).toEqual(before);
    },
  );

  const CALLS: { what: string; method: string; path: string; body?: unknown }[] = [
    { what: "read", method: "GET", path: "" },
    { what: "read the ledger of", method: "GET", path: "/history" },
    { what: "read a version of", method: "GET", path: "/versions/:hash" },
    { what: "publish a version of", method: "PATCH", path: "", body: { content: "third" } },
    { what: "rename", method: "PATCH", path: "", body: { title: "another" } },
    { what: "restore", method: "POST", path: "/restore", body: { target_hash: ":hash" } },
    { what: "remove", method: "DELETE", path: "" },
  ];
  const callOn = (user: string, { method, path, body }: (typeof CALLS)[number]) => {
    const sent = body === undefined ? undefined : JSON.parse(JSON.stringify(body).replace(":hash", hash));
    return direct.call(user, method, `/api/snippets/${id}${path.replace(":hash", hash)}`, sent);
  };

  test.each(CALLS)("a stranger may not $what somebody else's snippet; nothing changes", async (call) => {
    const before = await asOwner();
    expectProblem(await callOn("mallory", call), 403);
    expect(await asOwner()).toEqual(before);
  });

  test.each(CALLS)("a stranger may not $what somebody else's snippet that is off delivery", async (call) => {
    await direct.call("alice", "DELETE", `/api/snippets/${id}`);
    const before = await asOwner();
    expectProblem(await callOn("mallory", call), 403);
    expect(await asOwner()).toEqual(before);
  });

  test.each(["alice", "admin"].flatMap((user) => CALLS.map((call) => ({ user, ...call }))))(
    "$user may $what the snippet",
    async ({ user, ...call }) => {
      expect((await callOn(user, call)).status).toBe(call.method === "DELETE" ? 204 : 200);
    },
  );

  test("what an admin changes stays its owner's, and the ledger tells who it was", async () => {
    const { body } = await direct.call("admin", "PATCH", `/api/snippets/${id}`, { content: "third" });
    expect(body.owner_id).toBe("alice");
    await direct.call("admin", "POST", `/api/snippets/${id}/restore`, { target_hash: hash });
    const { body: after } = await direct.call("alice", "GET", `/api/snippets/${id}`);
    expect((after.history as { editor_id: string }[]).map((entry) => entry.editor_id)).toEqual([
      "admin",
      "admin",
      "alice",
      "alice",
    ]);
  });

  test("everybody, an admin too, lists and finds his own snippets only", async () => {
    const own = await direct.call("bob", "POST", "/api/snippets", { content: "x", title: "his" });
    for (const [user, expected] of [
      ["bob", [own.body.id]],
      ["admin", []],
      ["trent", []],
    ] as const) {
      const { body } = await direct.call(user, "GET", "/api/snippets");
      expect((body.snippets as { id: string }[]).map((row) => row.id)).toEqual([...expected] as string[]);
      const { body: found } = await direct.call(user, "GET", `/api/snippets?q=${id}`);
      expect(found.snippets).toEqual([]);
    }
    const { body: hers } = await direct.call("alice", "GET", `/api/snippets?q=${id}`);
    expect(hers.snippets).toHaveLength(1);
  });

  test("another's cursor shows only one's own snippets", async () => {
    await direct.call("alice", "POST", "/api/snippets", { content: "one more" });
    const { body } = await direct.call("alice", "GET", "/api/snippets?limit=1");
    const query = `?limit=50&cursor=${body.next_cursor}`;
    const { status, body: page } = await direct.call("trent", "GET", `/api/snippets${query}`);
    expect({ status, rows: page.snippets }).toEqual({ status: 200, rows: [] });
  });

  test("a stranger learns no more of an id than that it is malformed, unknown or not his", async () => {
    const unknown = id.slice(0, -1) + (id.endsWith("A") ? "B" : "A");
    expectProblem(await direct.call("mallory", "GET", `/api/snippets/${CANARY}`), 400);
    expectProblem(await direct.call("mallory", "GET", `/api/snippets/${unknown}`), 404);
    expectProblem(await direct.call("mallory", "GET", `/api/snippets/${id}`), 403);
    expectProblem(await direct.call("mallory", "GET", `/api/snippets/${hash}`), 404);
    // A version that he has as well is his to read, by his own snippet only.
    const own = await direct.call("mallory", "POST", "/api/snippets", { content: "first" });
    const version = await direct.call("mallory", "GET", `/api/snippets/${own.body.id}/versions/${hash}`);
    expect(version.body).toEqual({ target_hash: hash, content: "first" });
    expectProblem(await direct.call("mallory", "GET", `/api/snippets/${id}/versions/${hash}`), 403);
  });

  test("who asks is told who he is and how others sign in", async () => {
    const me = await direct.call("alice", "GET", "/api/me");
    expect(me.body).toEqual({ user_id: "alice", is_admin: false });
    const admin = await direct.call("admin", "GET", "/api/me");
    expect(admin.body).toEqual({ user_id: "admin", is_admin: true });
    const info = await direct.call(null, "GET", "/api/auth-info");
    expect(info.body).toEqual({ mode: "password", data_plane_url: null });
    expect(direct.faults).toEqual([]);
  });
});
