import { t } from "elysia";
import type { OpenPlane } from "./base.ts";

export function bindHealth(plane: OpenPlane, ping: () => Promise<void>) {
  return plane.get(
    "/healthz",
    async () => {
      await ping();
      return { status: "ok" as const };
    },
    {
      response: { 200: t.Object({ status: t.Literal("ok") }) },
      detail: {
        tags: ["Health"],
        summary: "Whether the server can answer: 503 where the database cannot be read",
      },
    },
  );
}
