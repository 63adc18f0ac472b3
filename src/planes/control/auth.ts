import { t } from "elysia";
import type { Authenticator } from "../../auth/identity.ts";
import type { GuardedPlane, OpenPlane } from "./base.ts";

export function bindAuthInfo(
  plane: OpenPlane,
  { authenticator, dataPlaneUrl }: { authenticator: Authenticator; dataPlaneUrl: string | null },
) {
  return plane.get("/api/auth-info", () => ({ mode: authenticator.mode, data_plane_url: dataPlaneUrl }), {
    response: {
      200: t.Object({
        mode: t.UnionEnum(["none", "oauth", "cloudflare", "password"]),
        data_plane_url: t.Nullable(t.String()),
      }),
    },
    detail: { tags: ["Sign-in"], summary: "How to sign in, and where snippets are delivered (public)" },
  });
}

export function bindMe(plane: GuardedPlane) {
  return plane.get("/api/me", ({ caller }) => ({ user_id: caller.userId, is_admin: caller.isAdmin }), {
    response: { 200: t.Object({ user_id: t.String(), is_admin: t.Boolean() }) },
    detail: { tags: ["Sign-in"], summary: "Who you are" },
  });
}
