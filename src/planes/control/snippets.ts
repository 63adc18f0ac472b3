import { t } from "elysia";
import { invalid } from "../../error.ts";
import type { HistoryPage, SnippetService } from "../../snippets/service.ts";
import type { Snippet, SnippetFields } from "../../snippets/snippet.ts";
import type { GuardedPlane } from "./base.ts";

// In each route `parse` only tells the description of the API what our own reading takes.

const tags = ["Snippets"];

const PAGE_LIMIT = 50;
const DEFAULT_LIMIT = 20;

// Null stands for "not given", as with clients that send every field.
const text = (description: string) =>
  t.Optional(t.Nullable(t.String({ error: "give a string" }), { description }));
// Elysia would document a number in the query as "text or number", and take 0x10 for one: see `toLimit`.
const limit = t.Optional(t.Any({ type: "integer", minimum: 1, maximum: PAGE_LIMIT, default: DEFAULT_LIMIT }));
const cursor = t.Optional(t.String({ description: "next_cursor of the page before" }));

const metadata = {
  content_type: text("media type that the text is delivered with; text/plain in UTF-8 unless given"),
  title: text("at most 255 characters; an empty one clears it"),
  description: text("at most 4096 characters; an empty one clears it"),
};
const newSnippet = t.Object({
  content: t.String({ error: "give a string", description: "text with {{placeholders}}" }),
  ...metadata,
});
const changedFields = t.Object({ content: text("a new version"), ...metadata });
const byId = t.Object({ id: t.String({ description: "snippet id, 64 characters" }) });

const nullableText = t.Nullable(t.String());
const time = t.String({ format: "date-time" });
const snippetFields = {
  id: t.String(),
  content_type: t.String(),
  title: nullableText,
  description: nullableText,
  owner_id: t.String(),
  deleted_at: t.Optional(t.String({ format: "date-time", description: "only while it is off delivery" })),
};
const snippet = t.Object(snippetFields);
const historyEntries = t.Array(
  t.Object({
    target_hash: t.String(),
    editor_id: t.String(),
    changed_at: time,
    version_number: t.Integer(),
    is_current: t.Boolean(),
  }),
);

/** `/api/snippets`: the resource as the wire has it; the rules are the service's. */
export function bindSnippets(plane: GuardedPlane, service: SnippetService) {
  return plane
    .get(
      "/api/snippets",
      async ({ caller, query }) => {
        const { cursor, q: search, deleted } = query;
        const limit = toLimit(query.limit);
        const page = await service.list(caller, { limit, cursor, search, deleted: deleted === "true" });
        return {
          snippets: page.snippets.map((each) => ({ ...toWire(each), updated_at: toTime(each.updatedAt) })),
          next_cursor: page.nextCursor,
          limit,
        };
      },
      {
        query: t.Object({
          limit,
          cursor,
          q: t.Optional(t.String({ description: "only those that have this in title, description or id" })),
          deleted: t.Optional(
            t.Union([t.Literal("true"), t.Literal("false")], {
              description: "true lists those that are off delivery",
            }),
          ),
        }),
        response: {
          200: t.Object({
            snippets: t.Array(t.Object({ ...snippetFields, updated_at: time })),
            next_cursor: nullableText,
            limit: t.Integer(),
          }),
        },
        detail: { tags, summary: "Your snippets, newest-changed first" },
      },
    )
    .post(
      "/api/snippets",
      async ({ caller, body, status }) => status(201, toWire(await service.create(caller, toFields(body)))),
      {
        parse: "json",
        body: newSnippet,
        response: { 201: snippet },
        detail: { tags, summary: "Store a snippet" },
      },
    )
    .get(
      "/api/snippets/:id",
      async ({ caller, params, query }) => {
        const limit = toLimit(query.limit);
        const { snippet, ...page } = await service.get(caller, params.id, limit);
        return {
          ...toWire(snippet),
          history_count: snippet.historyCount,
          history: toWireHistory(page),
          history_next_cursor: page.nextCursor,
          history_limit: limit,
        };
      },
      {
        params: byId,
        query: t.Object({ limit }),
        response: {
          200: t.Object({
            ...snippetFields,
            history_count: t.Integer(),
            history: historyEntries,
            history_next_cursor: nullableText,
            history_limit: t.Integer(),
          }),
        },
        detail: { tags, summary: "A snippet and the newest page of its ledger" },
      },
    )
    .patch(
      "/api/snippets/:id",
      async ({ caller, params, body }) => toWire(await service.edit(caller, params.id, toFields(body))),
      {
        params: byId,
        parse: "json",
        body: changedFields,
        response: { 200: snippet },
        detail: { tags, summary: "Change a snippet; a content is a new version" },
      },
    )
    .delete(
      "/api/snippets/:id",
      async ({ caller, params, set }) => {
        await service.remove(caller, params.id);
        set.status = 204;
      },
      {
        params: byId,
        response: { 204: t.Void({ description: "it is off delivery" }) },
        detail: { tags, summary: "Take a snippet off delivery; its ledger stays" },
      },
    )
    .get(
      "/api/snippets/:id/history",
      async ({ caller, params, query }) => {
        const limit = toLimit(query.limit);
        const page = await service.history(caller, params.id, { limit, cursor: query.cursor });
        return { history: toWireHistory(page), next_cursor: page.nextCursor, limit };
      },
      {
        params: byId,
        query: t.Object({ limit, cursor }),
        response: {
          200: t.Object({ history: historyEntries, next_cursor: nullableText, limit: t.Integer() }),
        },
        detail: { tags, summary: "The ledger, newest first" },
      },
    )
    .get(
      "/api/snippets/:id/versions/:hash",
      async ({ caller, params }) => ({
        target_hash: params.hash,
        content: await service.version(caller, params.id, params.hash),
      }),
      {
        params: t.Object({
          id: byId.properties.id,
          hash: t.String({ description: "target_hash of a version" }),
        }),
        response: { 200: t.Object({ target_hash: t.String(), content: t.String() }) },
        detail: { tags, summary: "The text of one version" },
      },
    )
    .post(
      "/api/snippets/:id/restore",
      async ({ caller, params, body }) => toWire(await service.restore(caller, params.id, body.target_hash)),
      {
        params: byId,
        parse: "json",
        body: t.Object({ target_hash: t.String({ error: "give a string" }) }),
        response: { 200: snippet },
        detail: { tags, summary: "Publish an earlier version again; a snippet off delivery comes back" },
      },
    );
}

/** The `limit` of a query. Throws `invalid` unless it is a whole number in decimal, from 1 to 50. */
function toLimit(value: unknown): number {
  const text = String(value ?? DEFAULT_LIMIT);
  const limit = /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (limit < 1 || limit > PAGE_LIMIT)
    throw invalid(`limit is not valid: give a whole number from 1 to ${PAGE_LIMIT}`);
  return limit;
}

const toTime = (milliseconds: number) => new Date(milliseconds).toISOString();

function toWire({ id, contentType, title, description, ownerId, deletedAt }: Snippet) {
  const wire = { id, content_type: contentType, title, description, owner_id: ownerId };
  return deletedAt === null ? wire : { ...wire, deleted_at: toTime(deletedAt) };
}

function toWireHistory({ history }: HistoryPage) {
  return history.map((entry) => ({
    target_hash: entry.targetHash,
    editor_id: entry.editorId,
    changed_at: toTime(entry.changedAt),
    version_number: entry.versionNumber,
    is_current: entry.isCurrent,
  }));
}

function toFields(body: {
  content?: string | null;
  content_type?: string | null;
  title?: string | null;
  description?: string | null;
}): SnippetFields {
  return {
    content: body.content ?? undefined,
    contentType: body.content_type ?? undefined,
    title: body.title ?? undefined,
    description: body.description ?? undefined,
  };
}
