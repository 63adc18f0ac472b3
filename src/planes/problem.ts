import { AppError, type ErrorCode } from "../error.ts";

/** The one map from what went wrong to an HTTP status (RFC 9110 section 15). */
const STATUS: Record<ErrorCode, number> = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  too_large: 413,
  unavailable: 503,
  internal: 500,
};

export interface Problem {
  status: number;
  /** Public: what is wrong and what to do. */
  message: string;
}

/** What a client is told of an error. Of one that nobody foresaw it is told nothing; the log has its cause. */
export function toProblem(error: unknown, log: (message: string, cause: unknown) => void): Problem {
  const known =
    error instanceof AppError ? error : new AppError("internal", "internal error", { cause: error });
  const status = STATUS[known.code];
  if (status >= 500) log(known.message, known.cause);
  return { status, message: known.message };
}
