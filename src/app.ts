import { createLocalAuthenticator } from "./auth/none.ts";
import { type Address, type Config, localUrl } from "./config.ts";
import { unavailable } from "./error.ts";
import type { Log } from "./log.ts";
import { createControlPlane } from "./planes/control/plane.ts";
import { prepareAnswer } from "./planes/data/delivery.ts";
import { createDataPlane } from "./planes/data/plane.ts";
import { keepSecret } from "./secret.ts";
import { createCursors } from "./snippets/cursor.ts";
import { createDelivery } from "./snippets/delivery.ts";
import { createSnippetEtag } from "./snippets/etag.ts";
import { createIds } from "./snippets/id.ts";
import { createSnippetService } from "./snippets/service.ts";
import { openSqlite } from "./storage/sqlite/sqlite.ts";
import type { Storage } from "./storage/storage.ts";

export interface App {
  /** Where the planes listen, as one types it on this machine. */
  controlPlaneUrl: string;
  dataPlaneUrl: string;
  /** Finishes the requests under way, at most as long as `SHUTDOWN_SECONDS`, then lets go of everything. */
  stop(): Promise<void>;
}

/** Opens the storage that the settings name. `exclusive` takes the data folder for this process alone. */
export function openStorage(config: Config, log: Log, { exclusive }: { exclusive: boolean }): Storage {
  return openSqlite({
    folder: config.dataDir,
    exclusive,
    queueLimits: { jobs: config.writeQueueLimit, bytes: config.writeQueueBytes },
    warn: log.warn,
    onFault: log.error,
  });
}

/** The secret of the settings, or the one kept in the data folder (`file` names it), which is made if missing. */
export function signingSecret(config: Config): { secret: string; file: string | null } {
  if (config.idSigningSecret !== null) return { secret: config.idSigningSecret, file: null };
  return keepSecret(config.dataDir);
}

/** Wires everything and starts both planes. Rejects with an `AppError` that says what stands in the way. */
export async function startApp(config: Config, log: Log): Promise<App> {
  const storage = openStorage(config, log, { exclusive: true });
  const running: Stoppable[] = [];
  try {
    const { secret, file } = signingSecret(config);
    if (file) log.info(`ids are signed with the secret in ${file}: keep a copy, every link depends on it`);
    const ids = await createIds(secret);
    const delivery = createDelivery({
      store: storage.delivery,
      changes: storage.changes,
      ids,
      etagOf: await createSnippetEtag(secret),
      cacheByteBudget: config.cacheByteBudget,
      maxRenderedBytes: config.maxRenderedBytes,
      present: prepareAnswer,
    });
    const snippets = createSnippetService({
      store: storage.snippets,
      ids,
      cursors: await createCursors(secret),
      maxContentBytes: config.maxContentBytes,
    });

    const dataPlane = createDataPlane({ delivery, ping: storage.ping, logError: log.error });
    const controlPlane = createControlPlane({
      authenticator: createLocalAuthenticator(),
      snippets,
      dataPlaneUrl: config.dataPlanePublicUrl,
      maxContentBytes: config.maxContentBytes,
      ping: storage.ping,
      logError: log.error,
    });
    const dataServer = listen(dataPlane, "DATA_PLANE_ADDR", config.dataPlane);
    running.push(dataServer);
    const controlServer = listen(controlPlane, "CONTROL_PLANE_ADDR", config.controlPlane);
    running.push(controlServer);

    return {
      controlPlaneUrl: localUrl({ ...config.controlPlane, port: controlServer.port! }),
      dataPlaneUrl: localUrl({ ...config.dataPlane, port: dataServer.port! }),
      async stop() {
        const late = Bun.sleep(config.shutdownSeconds * 1_000).then(() => "late" as const);
        if ((await Promise.race([stopServers(running), late])) === "late") {
          log.warn(`requests were still under way after ${config.shutdownSeconds} s and were cut`);
          for (const server of running) void server.stop(true);
        }
        delivery.close();
        if ((await Promise.race([storage.close(), late])) === "late") {
          log.warn("the database was still busy: writes that were not acknowledged may not be stored");
        }
      },
    };
  } catch (error) {
    await Promise.all(running.map((server) => server.stop(true)));
    await storage.close();
    throw error;
  }
}

type Stoppable = { stop(closeActiveConnections?: boolean): Promise<void> };
type Plane = { listen(options: object): { server: Bun.Server<unknown> | null } };

/** Bun would cut a body at 128 MiB with an answer of its own; the planes bound what they read. */
const maxRequestBodySize = Number.MAX_SAFE_INTEGER;

function listen(plane: Plane, setting: string, { hostname, port }: Address): Bun.Server<unknown> {
  try {
    // Elysia lets two processes share a port unless told not to, and then each answers by chance.
    return plane.listen({ hostname, port, reusePort: false, development: false, maxRequestBodySize }).server!;
  } catch (cause) {
    const reason =
      (cause as { code?: string }).code === "EADDRINUSE" ? "the address is in use" : String(cause);
    throw unavailable(`${setting}: cannot listen on ${hostname}:${port}: ${reason}`, cause);
  }
}

/** Takes no new connections, and resolves when the requests under way are answered. */
async function stopServers(servers: Stoppable[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}
