import type { Authenticator } from "../../auth/identity.ts";
import type { SnippetService } from "../../snippets/service.ts";
import { bindAuthInfo, bindMe } from "./auth.ts";
import { createOpenPlane, guard } from "./base.ts";
import { bindHealth } from "./health.ts";
import { bindApiPage } from "./openapi.ts";
import { bindSnippets } from "./snippets.ts";

export interface ControlPlaneOptions {
  authenticator: Authenticator;
  snippets: SnippetService;
  /** What `auth-info` tells as the address of the data plane. */
  dataPlaneUrl: string | null;
  maxContentBytes: number;
  /** Rejects where the database cannot be read. */
  ping(): Promise<void>;
  logError(message: string, cause: unknown): void;
}

export type ControlPlane = ReturnType<typeof createControlPlane>;

/** The private plane: the management API and its description. */
export function createControlPlane(options: ControlPlaneOptions) {
  const open = createOpenPlane(options);
  bindHealth(open, options.ping);
  bindApiPage(open);
  bindAuthInfo(open, options);

  // Elysia applies a hook to the routes that are bound after it: from here on, only for who is signed in.
  const guarded = guard(open, options);
  bindMe(guarded);
  bindSnippets(guarded, options.snippets);
  return guarded;
}
