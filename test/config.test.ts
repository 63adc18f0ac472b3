import { describe, expect, test } from "bun:test";
import { resolve } from "node:path";
import { type Config, localUrl, parseConfig } from "../src/config.ts";
import { AppError } from "../src/error.ts";

const MIB = 2 ** 20;
const GIB = 2 ** 30;

/** The one line that refuses these settings. */
function refusalOf(env: Record<string, string>): string {
  try {
    parseConfig(env);
  } catch (error) {
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe("invalid");
    return (error as AppError).message;
  }
  throw new Error(`accepted: ${JSON.stringify(env)}`);
}

const DEFAULTS: Config = {
  controlPlane: { hostname: "127.0.0.1", port: 8080 },
  dataPlane: { hostname: "0.0.0.0", port: 3000 },
  dataPlanePublicUrl: null,
  serverUrl: null,
  authMode: "none",
  dataDir: resolve("data"),
  idSigningSecret: null,
  cacheByteBudget: 32 * MIB,
  maxContentBytes: 1 * MIB,
  maxRenderedBytes: 16 * MIB,
  writeQueueLimit: 10_000,
  writeQueueBytes: 64 * MIB,
  shutdownSeconds: 10,
};
const NAMES = [
  "CONTROL_PLANE_ADDR",
  "DATA_PLANE_ADDR",
  "DATA_PLANE_PUBLIC_URL",
  "MARGAY_URL",
  "AUTH_MODE",
  "DATA_DIR",
  "ID_SIGNING_SECRET",
  "CACHE_BYTE_BUDGET",
  "MAX_CONTENT_BYTES",
  "MAX_RENDERED_BYTES",
  "WRITE_QUEUE_LIMIT",
  "WRITE_QUEUE_BYTES",
  "SHUTDOWN_SECONDS",
];

describe("settings that are not given", () => {
  test.each<[string, Record<string, string | undefined>]>([
    ["absent", {}],
    ["empty", Object.fromEntries(NAMES.map((name) => [name, ""]))],
    ["undefined", Object.fromEntries(NAMES.map((name) => [name, undefined]))],
    ["somebody else's", { PORT: "1", HOST: "example.org", NODE_ENV: "test", data_dir: "/elsewhere" }],
  ])("have their defaults: %s", (_, env) => {
    expect(parseConfig(env)).toEqual(DEFAULTS);
  });

  test("stay as they were read", () => {
    expect(Object.isFrozen(parseConfig({}))).toBe(true);
  });
});

const ADDRESS = "HOST:PORT";
const BASE_URL = "http or https address";
describe("a value that is not usable is refused in one line that names variable, value and what is allowed", () => {
  const addresses = [
    "8080",
    "localhost",
    "localhost:",
    "localhost:65536",
    "localhost:99999",
    "localhost:-1",
    "localhost:80a",
    "localhost:8.0",
    "localhost: 80",
    " 127.0.0.1:80",
    "127.0.0.1:80\n",
    "::1",
    "::1:8080",
    "[::1]",
    "[::1:8080",
    "[]:8080",
    "[localhost]:8080",
    "[127.0.0.1]:8080",
    "http://localhost:8080",
    "localhost:8080/",
    "a b:8080",
    "unix:/run/margay.sock",
  ];
  const urls = [
    "get.example.org",
    "/path",
    "http://",
    "https://:443",
    "ftp://get.example.org",
    "javascript:alert(1)",
    "file:///etc/passwd",
    "localhost:3000",
    "https://get.example.org/?a=1",
    "https://get.example.org/?",
    "https://get.example.org/#top",
    "https://get.example.org/#",
    "https://get.example.org:99999",
    "https://get example.org",
    "https://get.example.org ",
    "https://get.example.org\n",
  ];
  const numbers = [
    "-1",
    "+1",
    "1.5",
    "1e3",
    "0x10",
    "1_000",
    "1,000",
    " 1",
    "1 ",
    "1\n",
    "ten",
    "NaN",
    "Infinity",
    "32MiB",
    "٣",
    "9".repeat(16),
  ];
  const sizes = [
    "CACHE_BYTE_BUDGET",
    "MAX_CONTENT_BYTES",
    "MAX_RENDERED_BYTES",
    "WRITE_QUEUE_LIMIT",
    "WRITE_QUEUE_BYTES",
    "SHUTDOWN_SECONDS",
  ];

  test.each([
    ...["CONTROL_PLANE_ADDR", "DATA_PLANE_ADDR"].flatMap((name) =>
      addresses.map((value) => [name, value, ADDRESS]),
    ),
    ...["DATA_PLANE_PUBLIC_URL", "MARGAY_URL"].flatMap((name) =>
      urls.map((value) => [name, value, BASE_URL]),
    ),
    ...sizes.flatMap((name) => numbers.map((value) => [name, value, "whole number from"])),
    ...["nobody", "None", " none", "none,password"].map((value) => ["AUTH_MODE", value, '"none"']),
  ] as [string, string, string][])("%s=%j", (name, value, allowed) => {
    const message = refusalOf({ [name]: value });
    expect(message.startsWith(`${name}=`)).toBe(true);
    expect(message).toContain(JSON.stringify(value));
    expect(message).toContain(allowed);
    expect(message).not.toMatch(/[\r\n]/);
  });
});

test.each(["user", "user:word", ":word"])("an address with credentials is refused: %s", (credentials) => {
  for (const name of ["DATA_PLANE_PUBLIC_URL", "MARGAY_URL"]) {
    const message = refusalOf({ [name]: `https://${credentials}@get.example.org` });
    expect(message).toContain(name);
    expect(message).toContain(BASE_URL);
  }
});

test.each([
  ["127.0.0.1:8080", "127.0.0.1", 8080],
  ["localhost:0", "localhost", 0],
  ["get.example.org:65535", "get.example.org", 65_535],
  [":8080", "0.0.0.0", 8080],
  ["[::1]:8080", "::1", 8080],
  ["[::]:80", "::", 80],
])("a plane listens on %s", (value, hostname, port) => {
  const { controlPlane, dataPlane } = parseConfig({ CONTROL_PLANE_ADDR: value });
  expect(controlPlane).toEqual({ hostname, port });
  expect(dataPlane).toEqual(DEFAULTS.dataPlane);
  expect(parseConfig({ DATA_PLANE_ADDR: value }).dataPlane).toEqual({ hostname, port });
});

test.each([
  [{ hostname: "127.0.0.1", port: 80 }, "http://127.0.0.1:80"],
  [{ hostname: "get.example.org", port: 3000 }, "http://get.example.org:3000"],
  [{ hostname: "::1", port: 3000 }, "http://[::1]:3000"],
  [{ hostname: "0.0.0.0", port: 3000 }, "http://localhost:3000"],
  [{ hostname: "::", port: 3000 }, "http://localhost:3000"],
])("%j is reached from here at %s", (address, url) => {
  expect(localUrl(address)).toBe(url);
});

test.each([
  ["https://get.example.org", "https://get.example.org"],
  ["https://get.example.org/", "https://get.example.org"],
  ["https://get.example.org//", "https://get.example.org"],
  ["http://localhost:3000", "http://localhost:3000"],
  ["http://[::1]:3000/", "http://[::1]:3000"],
  ["https://example.org/get/", "https://example.org/get"],
])("links begin with %s, without a slash at the end", (value, url) => {
  expect(parseConfig({ DATA_PLANE_PUBLIC_URL: value }).dataPlanePublicUrl).toBe(url);
  expect(parseConfig({ MARGAY_URL: value })).toEqual({ ...DEFAULTS, serverUrl: url });
});

describe.each<[string, keyof Config, number, number]>([
  ["CACHE_BYTE_BUDGET", "cacheByteBudget", 0, 1024 * GIB],
  ["MAX_CONTENT_BYTES", "maxContentBytes", 1, 256 * MIB],
  ["MAX_RENDERED_BYTES", "maxRenderedBytes", 1, 512 * MIB],
  ["WRITE_QUEUE_LIMIT", "writeQueueLimit", 1, 1_000_000],
  ["WRITE_QUEUE_BYTES", "writeQueueBytes", 1, 64 * GIB],
  ["SHUTDOWN_SECONDS", "shutdownSeconds", 1, 3_600],
])("%s", (name, key, min, max) => {
  test("is taken from its least value to its greatest", () => {
    for (const value of [min, min + 1, max]) {
      expect(parseConfig({ [name]: `${value}` })).toEqual({ ...DEFAULTS, [key]: value });
    }
  });

  test("is refused beyond them, and the refusal tells both", () => {
    for (const value of [min - 1, max + 1]) {
      const message = refusalOf({ [name]: `${value}` });
      expect(message).toContain(`from ${min} to ${max}`);
      expect(message).toContain(`${name}="${value}"`);
    }
  });
});

describe("ID_SIGNING_SECRET", () => {
  test.each([
    ["32 characters", "k".repeat(32)],
    ["32 characters of several bytes", "🐈".repeat(32)],
    ["many characters, spaces among them", `  ${"long secret ".repeat(20)}`],
  ])("is taken as it is with %s", (_, secret) => {
    expect(parseConfig({ ID_SIGNING_SECRET: secret })).toEqual({ ...DEFAULTS, idSigningSecret: secret });
  });

  test.each([
    ["a single character", "q"],
    ["31 characters", "qjxz".repeat(8).slice(1)],
    ["31 characters of several bytes", "🐈".repeat(31)],
  ])("is refused with %s, and not repeated", (_, secret) => {
    const message = refusalOf({ ID_SIGNING_SECRET: secret });
    expect(message).toStartWith("ID_SIGNING_SECRET ");
    expect(message).toContain(`${[...secret].length} character`);
    expect(message).toContain("at least 32");
    expect(message).not.toContain(secret);
    expect(message).not.toContain(secret.slice(0, 2));
    expect(message).not.toMatch(/[\r\n]/);
  });
});

test.each([
  ["/var/lib/margay", "/var/lib/margay"],
  ["elsewhere", resolve("elsewhere")],
  ["../elsewhere/", resolve("../elsewhere")],
])("the data lie in %s, taken from the current folder", (value, dataDir) => {
  expect(parseConfig({ DATA_DIR: value })).toEqual({ ...DEFAULTS, dataDir });
});
