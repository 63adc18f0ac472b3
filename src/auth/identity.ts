/** Who asks, on the control plane. */
export interface Identity {
  userId: string;
  isAdmin: boolean;
}

export type AuthMode = "none" | "password" | "oauth" | "cloudflare";

/** The port that each mode of sign-in implements. */
export interface Authenticator {
  mode: AuthMode;
  /** The identity that a request's headers prove, or null if they prove none. */
  identify(headers: Headers): Promise<Identity | null>;
}
