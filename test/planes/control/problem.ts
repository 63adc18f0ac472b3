import { expect } from "bun:test";
import type { ApiAnswer } from "../../server.ts";

/** Stands in what tests submit and must not come back in an error. */
export const CANARY = "c4n4ry";

/** What an error may not tell about the inside of the program. */
const INTERNALS = /sqlite|drizzle|elysia|typebox|node_modules|\.ts\b|\bat \S+:\d|\[object|undefined|\n/i;

/** An answer whose body is JSON or else its text, so that a wrong one can be shown. */
export async function answerOf(response: Response): Promise<ApiAnswer<unknown>> {
  const { status, headers } = response;
  const text = await response.text();
  try {
    return { status, headers, body: JSON.parse(text) };
  } catch {
    return { status, headers, body: text };
  }
}

/** Expects the answer to be an error of this status in the API's one form, which repeats nothing and tells nothing. */
export function expectProblem({ status, headers, body }: ApiAnswer<unknown>, expected: number): void {
  expect({ status, body }).toEqual({ status: expected, body: { error: expect.any(String) } });
  expect(headers.get("content-type")).toMatch(/^application\/json\b/);
  const { error } = body as { error: string };
  expect(error).not.toBe("");
  expect(error).not.toContain(CANARY);
  expect(error).not.toMatch(INTERNALS);
}
