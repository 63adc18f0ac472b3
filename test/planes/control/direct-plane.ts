import { afterAll, beforeAll } from "bun:test";
import type { Identity } from "../../../src/auth/identity.ts";
import { type ControlPlane, createControlPlane } from "../../../src/planes/control/plane.ts";
import { createCursors } from "../../../src/snippets/cursor.ts";
import { createIds } from "../../../src/snippets/id.ts";
import { createSnippetService } from "../../../src/snippets/service.ts";
import { openSqlite } from "../../../src/storage/sqlite/sqlite.ts";
import type { Storage } from "../../../src/storage/storage.ts";
import { type ApiAnswer, temporaryFolder } from "../../server.ts";
import { SECRET } from "./running.ts";

/** The header in which a test says who asks: a user's id; `admin` has the role. */
const USER = "x-test-user";

const identify = async (headers: Headers): Promise<Identity | null> => {
  const userId = headers.get(USER);
  return userId === null ? null : { userId, isAdmin: userId === "admin" };
};

export interface DirectPlane {
  plane: ControlPlane;
  /** What the plane logged as its own faults. */
  faults: string[];
  /** A call as this user, or as nobody for null. A string is sent as it is. */
  call(user: string | null, method: string, path: string, body?: unknown): Promise<ApiAnswer>;
}

/**
 * The control plane without a server, over a database of its own, for operators who sign in: mode `none` knows
 * only one. For the surrounding `describe`; what is returned can be used inside tests only.
 */
export function directPlane(): DirectPlane {
  const folder = temporaryFolder();
  const direct = { faults: [] as string[] } as DirectPlane;
  let storage: Storage;
  beforeAll(async () => {
    const fault = (message: string, cause?: unknown) => direct.faults.push(`${message}: ${cause}`);
    storage = openSqlite({
      folder: folder.path,
      exclusive: true,
      queueLimits: { jobs: 1_000, bytes: 2 ** 20 },
      warn: fault,
      onFault: fault,
    });
    const maxContentBytes = 1_000;
    direct.plane = createControlPlane({
      authenticator: { mode: "password", identify },
      snippets: createSnippetService({
        store: storage.snippets,
        ids: await createIds(SECRET),
        cursors: await createCursors(SECRET),
        maxContentBytes,
      }),
      dataPlaneUrl: null,
      maxContentBytes,
      ping: storage.ping,
      logError: fault,
    });
  });
  afterAll(async () => {
    await storage.close();
    folder.remove();
  });

  direct.call = async (user, method, path, body) => {
    const headers = new Headers(user === null ? {} : { [USER]: user });
    if (body !== undefined && typeof body !== "string") headers.set("content-type", "application/json");
    const init = { method, headers, body: typeof body === "string" ? body : JSON.stringify(body) };
    const response = await direct.plane.handle(new Request(`http://localhost${path}`, init));
    const text = await response.text();
    const type = response.headers.get("content-type") ?? "";
    const json = text !== "" && type.startsWith("application/json");
    return { status: response.status, headers: response.headers, body: json ? JSON.parse(text) : text };
  };
  return direct;
}
