import { existsSync, readFileSync } from "node:fs";
import { isIPv6 } from "node:net";
import { resolve } from "node:path";
import { parseEnv } from "node:util";
import { invalid } from "./error.ts";

/** Where a plane listens. */
export interface Address {
  hostname: string;
  port: number;
}

/** Every setting, validated. Sizes are bytes. */
export interface Config {
  controlPlane: Address;
  dataPlane: Address;
  /** The address under which others reach the data plane, without a slash at the end; null if it is not set. */
  dataPlanePublicUrl: string | null;
  /** The control plane that `put` and `get` talk to; null is the one at `controlPlane`. */
  serverUrl: string | null;
  authMode: "none";
  dataDir: string;
  /** Null: made once and kept in the data folder. */
  idSigningSecret: string | null;
  cacheByteBudget: number;
  maxContentBytes: number;
  maxRenderedBytes: number;
  /** Writes, and bytes of their contents, that may wait for the disk. */
  writeQueueLimit: number;
  writeQueueBytes: number;
  shutdownSeconds: number;
}

/** The address as one types it on this machine. */
export function localUrl({ hostname, port }: Address): string {
  const host = hostname === "0.0.0.0" || hostname === "::" ? "localhost" : hostname;
  return `http://${isIPv6(host) ? `[${host}]` : host}:${port}`;
}

type Environment = Record<string, string | undefined>;

/**
 * Reads the settings from the process's environment and, where that has none, from `.env` in the current
 * folder. Rejects with `invalid` and one line that names the variable, the fault and what is allowed.
 */
export function loadConfig(): Config {
  const file = resolve(".env");
  const fromFile = existsSync(file) ? parseEnv(readFileSync(file, "utf8")) : {};
  return parseConfig({ ...fromFile, ...process.env });
}

export function parseConfig(env: Environment): Config {
  return Object.freeze({
    controlPlane: address(env, "CONTROL_PLANE_ADDR", "127.0.0.1:8080"),
    dataPlane: address(env, "DATA_PLANE_ADDR", "0.0.0.0:3000"),
    dataPlanePublicUrl: baseUrl(env, "DATA_PLANE_PUBLIC_URL"),
    serverUrl: baseUrl(env, "MARGAY_URL"),
    authMode: authMode(env),
    dataDir: resolve(env.DATA_DIR || "./data"),
    idSigningSecret: secret(env, "ID_SIGNING_SECRET"),
    cacheByteBudget: integer(env, "CACHE_BYTE_BUDGET", 32 * MIB, { min: 0, max: 1024 * GIB }),
    maxContentBytes: integer(env, "MAX_CONTENT_BYTES", 1 * MIB, { min: 1, max: 256 * MIB }),
    maxRenderedBytes: integer(env, "MAX_RENDERED_BYTES", 16 * MIB, { min: 1, max: 512 * MIB }),
    writeQueueLimit: integer(env, "WRITE_QUEUE_LIMIT", 10_000, { min: 1, max: 1_000_000 }),
    writeQueueBytes: integer(env, "WRITE_QUEUE_BYTES", 64 * MIB, { min: 1, max: 64 * GIB }),
    shutdownSeconds: integer(env, "SHUTDOWN_SECONDS", 10, { min: 1, max: 3_600 }),
  });
}

const MIB = 2 ** 20;
const GIB = 2 ** 30;

const refuse = (name: string, value: string, allowed: string) =>
  invalid(`${name}=${JSON.stringify(value)} is not usable: ${allowed}`);

function address(env: Environment, name: string, fallback: string): Address {
  const value = env[name] || fallback;
  const allowed =
    "give HOST:PORT, as in 127.0.0.1:8080, [::1]:8080 or :8080 (every address); port 0 takes a free one";
  const match = /^(\[[^\]]+\]|[^:]*):(\d{1,5})$/.exec(value);
  if (!match) throw refuse(name, value, allowed);
  const bracketed = match[1]!.startsWith("[");
  const hostname = bracketed ? match[1]!.slice(1, -1) : match[1] || "0.0.0.0";
  const port = Number(match[2]);
  if (port > 65_535 || (bracketed && !isIPv6(hostname)) || !/^[\w.:%-]+$/.test(hostname)) {
    throw refuse(name, value, allowed);
  }
  return Object.freeze({ hostname, port });
}

function baseUrl(env: Environment, name: string): string | null {
  const value = env[name];
  if (!value) return null;
  const url = URL.parse(value);
  if (!url || !/^https?:$/.test(url.protocol) || /[?#@\s]/.test(value)) {
    // What stands before an @ may be a password, so it is not repeated.
    throw refuse(
      name,
      value.replace(/[^/]*@/, "…@"),
      "give an http or https address without user, query or blanks, as in https://get.example.org",
    );
  }
  return value.replace(/\/+$/, "");
}

function authMode(env: Environment): "none" {
  const value = env.AUTH_MODE || "none";
  if (value !== "none") throw refuse("AUTH_MODE", value, 'this version knows "none" only');
  return value;
}

function secret(env: Environment, name: string): string | null {
  const value = env[name];
  if (value === undefined || value === "") return null;
  if ([...value].length < 32) {
    // The value itself is a secret, so it is not repeated.
    throw invalid(
      `${name} is not usable: it has ${[...value].length} characters, give at least 32 or leave it unset`,
    );
  }
  return value;
}

function integer(
  env: Environment,
  name: string,
  fallback: number,
  { min, max }: { min: number; max: number },
): number {
  const value = env[name];
  if (!value) return fallback;
  const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
  if (!(number >= min && number <= max))
    throw refuse(name, value, `give a whole number from ${min} to ${max}`);
  return number;
}
