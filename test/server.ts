import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The two forms of the program; tests of its public face run against both. */
export const PROGRAMS = ["source", "executable"] as const;
export type Program = (typeof PROGRAMS)[number];

const root = join(import.meta.dir, "..");

export const commandOf = (program: Program): string[] =>
  program === "source" ? [process.execPath, join(root, "src/main.ts")] : [join(root, "dist/margay")];

/** A folder that is removed by `remove`. */
export function temporaryFolder(): { path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), "margay-"));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export interface CommandResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Runs one command line in `cwd` with these settings and nothing else of ours. */
export async function runCommand(
  program: Program,
  args: string[],
  { cwd, env = {}, stdin = "" }: { cwd: string; env?: Record<string, string>; stdin?: string | Uint8Array },
): Promise<CommandResult> {
  const child = Bun.spawn([...commandOf(program), ...args], {
    cwd,
    env: baseEnvironment(env),
    stdin: typeof stdin === "string" ? new TextEncoder().encode(stdin) : stdin,
    stdout: "pipe",
    stderr: "pipe",
  });
  const [stdout, stderr, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  return { code, stdout, stderr };
}

const baseEnvironment = (env: Record<string, string>) => ({
  PATH: process.env.PATH ?? "",
  HOME: tmpdir(),
  ...env,
});

export interface RunningServer {
  /** Address of the control plane, `http://127.0.0.1:PORT`. */
  control: string;
  /** Address of the data plane. */
  data: string;
  folder: string;
  pid: number;
  /** What it wrote to standard error so far. */
  stderr(): string;
  exited: Promise<number>;
  /** Ends it and resolves to its exit code; its folder stays. */
  stop(signal?: NodeJS.Signals): Promise<number>;
}

/** A server that did not come up: what it said, and how it ended. */
export class StartError extends Error {
  constructor(
    readonly code: number,
    readonly stderr: string,
  ) {
    super(`the server ended with ${code}: ${stderr}`);
  }
}

/**
 * Starts a server on free ports in `folder`, where its data are kept too. `wrap` puts the command line into
 * another, for limits and namespaces. Rejects with a `StartError`.
 */
export async function startServer(
  program: Program,
  folder: string,
  {
    env = {},
    wrap = (command) => command,
  }: { env?: Record<string, string>; wrap?: (command: string[]) => string[] } = {},
): Promise<RunningServer> {
  const child = Bun.spawn(wrap([...commandOf(program), "serve"]), {
    cwd: folder,
    env: baseEnvironment({
      CONTROL_PLANE_ADDR: "127.0.0.1:0",
      DATA_PLANE_ADDR: "127.0.0.1:0",
      DATA_DIR: join(folder, "data"),
      ...env,
    }),
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let stderr = "";
  const draining = drain(child.stderr, (text) => {
    stderr += text;
  });
  let stdout = "";
  const addresses = await new Promise<{ control: string; data: string } | null>((resolve) => {
    drain(child.stdout, (text) => {
      stdout += text;
      const control = /^control plane +(\S+)/m.exec(stdout)?.[1];
      const data = /^data plane +(\S+)/m.exec(stdout);
      // The line after the addresses shows that both are complete.
      if (control && data && /^data +\S/m.test(stdout)) resolve({ control, data: data[1]! });
    }).then(() => resolve(null));
  });
  if (!addresses) {
    const code = await child.exited;
    await draining;
    throw new StartError(code, stderr);
  }
  return {
    ...addresses,
    folder,
    pid: child.pid,
    stderr: () => stderr,
    exited: child.exited,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      return child.exited;
    },
  };
}

async function drain(stream: ReadableStream<Uint8Array>, take: (text: string) => void): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) take(decoder.decode(chunk, { stream: true }));
}

export interface ApiAnswer<T = Record<string, unknown>> {
  status: number;
  headers: Headers;
  body: T;
}

/** Calls the management API with JSON. */
// biome-ignore lint/suspicious/noExplicitAny: tests read answers of every shape
export async function api<T = any>(
  server: Pick<RunningServer, "control">,
  method: string,
  path: string,
  body?: unknown,
): Promise<ApiAnswer<T>> {
  const response = await fetch(server.control + path, {
    method,
    headers: body === undefined ? {} : { "content-type": "application/json" },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: text === "" ? null : JSON.parse(text) };
}

/** Stores a snippet and returns its id. */
export async function createSnippet(
  server: Pick<RunningServer, "control">,
  content: string,
  fields: Record<string, string> = {},
): Promise<string> {
  const { status, body } = await api(server, "POST", "/api/snippets", { content, ...fields });
  if (status !== 201) throw new Error(`POST /api/snippets answered ${status}: ${JSON.stringify(body)}`);
  return body.id;
}

/** Waits until `condition` holds; rejects after `seconds`. */
export async function until(condition: () => boolean | Promise<boolean>, seconds = 20): Promise<void> {
  const deadline = Date.now() + seconds * 1_000;
  while (!(await condition())) {
    if (Date.now() > deadline) throw new Error(`still not so after ${seconds} s: ${condition}`);
    await Bun.sleep(10);
  }
}

/** An answer as its bytes came: `head` is the status line and the header lines, one character a byte. */
export interface RawAnswer {
  /** Empty where the server closed the connection without an answer. */
  head: string;
  body: Buffer;
}

/**
 * Sends a request as it is, one byte a character, on a connection of its own, and resolves when the server
 * closed it: the request should say `Connection: close`. Rejects if nothing comes for `seconds`.
 */
export function exchange(address: string, request: string, seconds = 10): Promise<RawAnswer> {
  const { hostname, port } = new URL(address);
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    const socket = connect(Number(port), hostname, () => socket.write(request, "latin1"));
    const shown = JSON.stringify(request.slice(0, 300));
    socket.setTimeout(seconds * 1_000, () =>
      socket.destroy(new Error(`no end of the answer to ${shown} after ${seconds} s`)),
    );
    socket.on("data", (chunk: Buffer) => chunks.push(chunk));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      // A request that is refused before it was read to its end has its connection reset: an end as well.
      if (error.code !== "ECONNRESET" && error.code !== "EPIPE") reject(error);
    });
    socket.on("close", () => {
      const bytes = Buffer.concat(chunks);
      const end = bytes.indexOf("\r\n\r\n");
      resolve({
        head: bytes.toString("latin1", 0, end < 0 ? bytes.length : end),
        body: end < 0 ? Buffer.alloc(0) : bytes.subarray(end + 4),
      });
    });
  });
}
