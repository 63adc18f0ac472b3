import { afterAll, beforeAll } from "bun:test";
import { type Program, type RunningServer, startServer, temporaryFolder } from "../../server.ts";

/**
 * A server for the surrounding `describe`: started before its tests, ended and its folder removed after them.
 * What is returned can be used inside tests only.
 */
export function runServer(program: Program, env: Record<string, string> = {}): RunningServer {
  const folder = temporaryFolder();
  const server = {} as RunningServer;
  beforeAll(async () => {
    Object.assign(server, await startServer(program, folder.path, { env }));
  });
  afterAll(async () => {
    await server.stop?.();
    folder.remove();
  });
  return server;
}

/** The secret of servers whose tests have to make ids of their own. */
export const SECRET = "a secret for tests, with 32 characters or more";
