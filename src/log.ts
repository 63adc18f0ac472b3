/** One line on standard error for each event; standard output belongs to commands' results. */
export interface Log {
  info(message: string): void;
  warn(message: string): void;
  /** `cause` is private to the log. */
  error(message: string, cause?: unknown): void;
}

export function createLog(write: (line: string) => void = (line) => process.stderr.write(line)): Log {
  const line = (level: string, message: string) => write(`${new Date().toISOString()} ${level} ${message}\n`);
  return {
    info: (message) => line("info ", message),
    warn: (message) => line("warn ", message),
    error: (message, cause) =>
      line("error", cause === undefined ? message : `${message}: ${describe(cause)}`),
  };
}

function describe(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const own = cause.stack ?? `${cause.name}: ${cause.message}`;
  return cause.cause === undefined ? own : `${own}\n  caused by ${describe(cause.cause)}`;
}
