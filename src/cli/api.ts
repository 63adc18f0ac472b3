import { type Config, localUrl } from "../config.ts";
import { AppError, unavailable } from "../error.ts";

/** The management API of a running server, as commands use it. Rejects with what the server answers. */
export interface Api {
  call<T>(method: string, path: string, body?: unknown): Promise<T>;
  /** The address of a snippet on the data plane. */
  linkTo(id: string): Promise<string>;
}

/** `MARGAY_URL` names another server's control plane; else it is the one of these settings. */
export function connect(config: Config): Api {
  const base = config.serverUrl ?? localUrl(config.controlPlane);

  const call = async <T>(method: string, path: string, body?: unknown): Promise<T> => {
    const response = await fetch(base + path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    }).catch((cause) => {
      throw unavailable(
        `no server answers at ${base}: start one with "margay serve", or set MARGAY_URL`,
        cause,
      );
    });
    const answer = (await response.json().catch(() => null)) as { error?: string } | null;
    if (response.ok) return answer as T;
    throw new AppError(
      response.status >= 500 ? "unavailable" : "invalid",
      `the server answered ${response.status}: ${answer?.error ?? response.statusText}`,
    );
  };

  return {
    call,
    async linkTo(id) {
      const info = await call<{ data_plane_url: string | null }>("GET", "/api/auth-info");
      // A server that was not told its public address delivers, as far as we know, on the same host.
      const { hostname } = new URL(config.serverUrl ?? localUrl(config.dataPlane));
      return `${info.data_plane_url ?? `http://${hostname}:${config.dataPlane.port}`}/${id}`;
    },
  };
}
