import { openapi } from "@elysiajs/openapi";
import { Elysia } from "elysia";
import type { Authenticator, Identity } from "../../auth/identity.ts";
import { AppError } from "../../error.ts";
import { toProblem } from "../problem.ts";
import { readFields } from "./body.ts";

/**
 * JSON writes any byte of a content in at most six (`\u0000`), so a body of this size holds every content that
 * is allowed, with title and description.
 */
const bodyLimit = (maxContentBytes: number) => 6 * maxContentBytes + 65_536;

export type OpenPlane = ReturnType<typeof createOpenPlane>;

/** The plane before sign-in: how errors are told, and the description of the API. */
export function createOpenPlane({ logError }: { logError(message: string, cause: unknown): void }) {
  return new Elysia({ name: "control-plane" })
    .onError(({ error, code, set }) => {
      const { status, message } = toProblem(known(error, code), logError);
      set.status = status;
      set.headers["cache-control"] = "no-store";
      return { error: message };
    })
    .onAfterHandle(({ set }) => {
      set.headers["cache-control"] ??= "no-store";
    })
    .use(
      openapi({
        path: "/openapi",
        specPath: "/openapi/json",
        provider: null,
        documentation: {
          info: {
            title: "Margay management API",
            version: "1",
            description: 'Snippets: store, version, publish. Errors are `{"error": message}`.',
          },
        },
      }),
    );
}

/** Elysia's own errors in our terms. Its validation errors repeat what was sent, so only the place is told. */
function known(error: unknown, code: string | number): unknown {
  // What our parser throws, Elysia wraps.
  if (error instanceof Error && error.cause instanceof AppError) return error.cause;
  if (code === "NOT_FOUND") return new AppError("not_found", "no such endpoint");
  if (code === "PARSE") return new AppError("invalid", "the body is not valid JSON");
  if (code === "VALIDATION") {
    const fault = error as ValidationFault;
    // An answer of ours that its schema forbids is our fault, not the client's.
    return fault.type === "response" ? error : new AppError("invalid", describeValidation(fault));
  }
  return error;
}

interface ValidationFault {
  type: string;
  all: { path?: string; schema?: { error?: string; type?: string } }[];
}

function describeValidation({ type, all }: ValidationFault): string {
  const [first] = all;
  const field = first?.path?.slice(1).replaceAll("/", ".") || `the ${type}`;
  return `${field} is not valid${first?.schema?.error ? `: ${first.schema.error}` : ""}`;
}

/**
 * The plane behind sign-in: every route that is bound to it has a caller, and answers 401 without, before a
 * byte of a body is read.
 */
export type GuardedPlane = ReturnType<typeof guard>;

export function guard(
  plane: OpenPlane,
  { authenticator, maxContentBytes }: { authenticator: Authenticator; maxContentBytes: number },
) {
  /** A request goes through two hooks, and is identified in the first. */
  const callers = new WeakMap<Request, Promise<Identity>>();
  const callerOf = (request: Request) => {
    const known = callers.get(request) ?? identify(authenticator, request.headers);
    callers.set(request, known);
    return known;
  };
  return plane
    .onParse(async ({ request }) => {
      await callerOf(request);
      // Null, and not undefined: with that, Elysia would go on and parse by itself.
      return request.body ? readFields(request, bodyLimit(maxContentBytes)) : null;
    })
    .derive(async ({ request }) => ({ caller: await callerOf(request) }));
}

async function identify(authenticator: Authenticator, headers: Headers): Promise<Identity> {
  const identity = await authenticator.identify(headers);
  if (!identity) throw new AppError("unauthenticated", "sign in first");
  return identity;
}
