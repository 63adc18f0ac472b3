import { Worker } from "node:worker_threads";
import { workerUrl } from "../../assets.ts";
import { AppError, type ErrorCode, unavailable } from "../../error.ts";
import type { Change } from "../changes.ts";
import type { Writes, Written } from "./writes.ts";

/** One write on its way to the writer's thread: a name and its arguments. */
export interface Job {
  name: keyof Writes;
  args: unknown[];
}

/** What became of a job. Errors travel as data: a class does not survive the way between threads. */
export type Outcome = Written<unknown> | { error: { code: ErrorCode; message: string; cause: string } };

type Value<Name extends keyof Writes> = ReturnType<Writes[Name]>["value"];

/**
 * The one write queue of this process. Writes run in a thread of their own, so that the event loop never
 * waits for the disk. What waits together commits together (group commit): while one batch is being
 * committed, the next one gathers.
 */
export interface Writer {
  /** Resolves after the commit; rejects with what the write threw, or `unavailable`. */
  write<Name extends keyof Writes>(name: Name, ...args: Parameters<Writes[Name]>): Promise<Value<Name>>;
  /** Takes no more writes, and waits for those that were accepted. */
  drain(): Promise<void>;
  /** Drains, then ends the thread. */
  close(): Promise<void>;
}

interface Waiting extends Job {
  /** Bytes of the contents that it carries. */
  size: number;
  resolve(value: unknown): void;
  reject(error: AppError): void;
}

/** What may wait for the disk; a write beyond is refused with `unavailable`. */
export interface QueueLimits {
  jobs: number;
  /** Bytes of contents. */
  bytes: number;
}

/** A batch is bounded, so that the first of it does not wait for ever longer ones. */
const BATCH_JOBS = 1_000;
const BATCH_BYTES = 16 * 2 ** 20;

export function createWriter({
  file,
  limits,
  publish,
  onFault,
}: {
  file: string;
  limits: QueueLimits;
  publish(change: Change): void;
  onFault(message: string, cause: unknown): void;
}): Writer {
  const waiting: Waiting[] = [];
  let committing: Waiting[] = [];
  let waitingBytes = 0;
  let idle: (() => void) | null = null;
  let closed = false;
  /** Started with the first write: who only reads needs none. */
  let worker: Worker | null = null;

  function start(): Worker {
    const thread = new Worker(workerUrl("storage/sqlite/writer.worker.ts"), { workerData: { file } });
    thread.on("message", settle);
    thread.on("error", (cause) => onFault("the writer's thread failed", cause));
    thread.on("exit", () => thread === worker && fail());
    return thread;
  }

  /** The thread is gone: what it was committing may or may not be stored, and its callers must know. */
  function fail() {
    worker = null;
    for (const job of committing) job.reject(unavailable("the write was interrupted and may not be stored"));
    committing = [];
    flush();
  }

  function flush() {
    if (committing.length > 0) return;
    if (waiting.length === 0) return idle?.();
    committing = takeBatch();
    worker ??= start();
    worker.postMessage(committing.map(({ name, args }) => ({ name, args })));
  }

  function takeBatch(): Waiting[] {
    let bytes = 0;
    let end = 0;
    // The first goes in any case, however large it is.
    while (end < waiting.length && end < BATCH_JOBS && (end === 0 || bytes < BATCH_BYTES)) {
      bytes += waiting[end++]!.size;
    }
    waitingBytes -= bytes;
    return waiting.splice(0, end);
  }

  function settle(outcomes: Outcome[]) {
    const settled = committing;
    committing = [];
    // First the caches let go, then the callers hear of it.
    for (const outcome of outcomes) {
      if ("changes" in outcome) outcome.changes?.forEach(publish);
    }
    settled.forEach((job, i) => {
      const outcome = outcomes[i]!;
      if ("error" in outcome) {
        const { code, message, cause } = outcome.error;
        job.reject(new AppError(code, message, { cause }));
      } else job.resolve(outcome.value);
    });
    flush();
  }

  async function drain() {
    closed = true;
    await new Promise<void>((resolve) => {
      idle = resolve;
      flush();
    });
  }

  return {
    write(name, ...args) {
      if (closed) return Promise.reject(unavailable("the server is stopping"));
      const size = bytesIn(args);
      if (waiting.length >= limits.jobs || (waiting.length > 0 && waitingBytes + size > limits.bytes)) {
        return Promise.reject(unavailable("too many writes are waiting: try again"));
      }
      return new Promise<never>((resolve, reject) => {
        waiting.push({ name, args, size, resolve: resolve as (value: unknown) => void, reject });
        waitingBytes += size;
        // What arrives in the same turn of the event loop goes in one batch.
        if (waiting.length === 1) queueMicrotask(flush);
      });
    },
    drain,
    async close() {
      await drain();
      const thread = worker;
      worker = null;
      if (!thread) return;
      const exited = new Promise((resolve) => thread.once("exit", resolve));
      thread.postMessage("close");
      await exited;
    },
  };
}

/** A writer for a database that cannot be written. */
export function createRefusingWriter(): Writer {
  return {
    write: () => Promise.reject(unavailable("the database is read-only: nothing can be stored")),
    drain: async () => {},
    close: async () => {},
  };
}

function bytesIn(value: unknown): number {
  if (value instanceof Uint8Array) return value.length;
  if (typeof value !== "object" || value === null) return 0;
  return Object.values(value).reduce<number>((sum, part) => sum + bytesIn(part), 0);
}
