/** The closed set of things that can go wrong; `planes/problem.ts` maps each to one HTTP status. */
export type ErrorCode =
  | "invalid"
  | "unauthenticated"
  | "forbidden"
  | "not_found"
  | "conflict"
  | "too_large"
  | "unavailable"
  | "internal";

/**
 * The only error that crosses a layer. `message` is public and says what to do; `cause` is private: it is
 * logged and never sent.
 */
export class AppError extends Error {
  override readonly name = "AppError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: { cause?: unknown },
  ) {
    super(message, options);
  }
}

export const invalid = (message: string) => new AppError("invalid", message);
export const notFound = (message: string) => new AppError("not_found", message);
export const forbidden = (message: string) => new AppError("forbidden", message);
export const conflict = (message: string) => new AppError("conflict", message);
export const unavailable = (message: string, cause?: unknown) =>
  new AppError("unavailable", message, { cause });
