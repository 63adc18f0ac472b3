import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";

const root = join(import.meta.dir, "..");
const scan = (folder: string) =>
  [...new Bun.Glob(`${folder}/**/*.{ts,tsx}`).scanSync({ cwd: root })]
    .filter((path) => !path.includes("node_modules/"))
    .sort();
const sourceOf = (path: string) => readFileSync(join(root, path), "utf8");
const files = scan("src");

/** Every way to name a module, types included: at the head of a statement, or as a call. */
const MODULE =
  /^\s*(?:import|export)\b(?:[^"'`;]*?\bfrom)?\s*["']([^"']+)["']|\b(?:import|require)\s*\(\s*["'`]([^"'`]+)["'`]/gm;
const specifiersIn = (source: string) =>
  [...source.matchAll(MODULE)].map(([, head, call]) => (head ?? call)!);

/** What a specifier names: a path from the top of the repository, or a package without the path in it. */
function resolveFrom(importer: string, specifier: string): string {
  if (specifier.startsWith(".")) return join(dirname(importer), specifier);
  return /^(?:@[^/]+\/)?[^/]+/.exec(specifier)![0];
}

const DOMAINS = ["src/snippets/", "src/sessions/", "src/actions/", "src/channels/"];
const PORTS = [...DOMAINS, "src/auth/", "src/storage/", "src/storage/changes.ts"];
const EVERYTHING = "everything";

/**
 * Who may import whom. A file belongs to the layer with the longest matching path, and may import its own
 * layer, `error.ts`, Node's modules, and what stands here: layers and packages.
 */
const LAYERS: Record<string, string[]> = {
  "src/main.ts": ["src/app.ts", "src/cli/"],
  "src/app.ts": [EVERYTHING],
  // Commands wire nothing: storage comes from app.ts. The text form of an archive is a format, no storage.
  "src/cli/": [
    "src/app.ts",
    "src/config.ts",
    "src/log.ts",
    "src/storage/ndjson.ts",
    ...DOMAINS,
    "package.json",
    "mime-types",
  ],
  // What stands alone, and knows nothing of the rest.
  "src/error.ts": [],
  "src/config.ts": [],
  "src/log.ts": [],
  "src/assets.ts": [],
  "src/secret.ts": [],
  // A domain gets another one only from app.ts.
  "src/snippets/": ["src/storage/changes.ts", "@noble/hashes", "hash-wasm", "lru-cache", "mime-types"],
  "src/sessions/": ["src/storage/changes.ts"],
  "src/actions/": ["src/storage/changes.ts"],
  "src/channels/": ["src/storage/changes.ts"],
  "src/auth/": ["jose"],
  // The ports of all drivers, in the terms of the domains.
  "src/storage/": [...PORTS],
  "src/storage/changes.ts": [],
  "src/storage/ndjson.ts": [...PORTS, "@sinclair/typebox"],
  "src/storage/sqlite/": [...PORTS, "src/assets.ts", "drizzle-orm", "bun:sqlite"],
  "src/storage/postgres/": [...PORTS, "src/assets.ts", "drizzle-orm", "postgres"],
  "src/planes/": [],
  "src/planes/control/": [
    "src/planes/",
    ...DOMAINS,
    "src/auth/",
    "elysia",
    "@elysiajs/openapi",
    "swagger-ui-dist",
  ],
  "src/planes/data/": ["src/planes/", ...DOMAINS, "src/auth/", "elysia"],
  "src/client/": [],
};
const ALWAYS = ["src/error.ts"];

function layerOf(path: string): string | undefined {
  const matching = Object.keys(LAYERS).filter((layer) =>
    layer.endsWith("/") ? path.startsWith(layer) : path === layer,
  );
  return matching.sort((a, b) => b.length - a.length)[0];
}

/** Imports of a file that its layer does not allow. */
function forbiddenIn(path: string, source: string): string[] {
  const layer = layerOf(path)!;
  const allowed = [layer, ...ALWAYS, ...LAYERS[layer]!];
  if (allowed.includes(EVERYTHING)) return [];
  return specifiersIn(source)
    .map((specifier) => resolveFrom(path, specifier))
    .filter((target) => !target.startsWith("node:") && !allowed.includes(layerOf(target) ?? target))
    .map((target) => `${path} imports ${target}`);
}

describe("who may import whom", () => {
  test("every file of the source belongs to a layer", () => {
    expect(files.length).toBeGreaterThan(40);
    expect(files.filter((path) => !layerOf(path))).toEqual([]);
  });

  test.each(Object.keys(LAYERS))("%s imports only what it may", (layer) => {
    const own = files.filter((path) => layerOf(path) === layer);
    expect(own.flatMap((path) => forbiddenIn(path, sourceOf(path)))).toEqual([]);
  });

  test("the dashboard imports types of the control plane and nothing else of the server", () => {
    const server =
      /^\s*(?:import|export)\b(?! type\b[^;]*from "(?:\.\.\/)+src\/planes\/control\/)[^;]*?"(?:\.\.\/)+src\//m;
    expect(scan("web").filter((path) => server.test(sourceOf(path)))).toEqual([]);
  });

  test("a script needs nothing of the source to be read first", () => {
    const imports = scan("scripts").flatMap((path) =>
      specifiersIn(sourceOf(path)).map((specifier) => resolveFrom(path, specifier)),
    );
    expect(imports.filter((target) => target.startsWith("src/"))).toEqual([]);
  });

  test.each([
    ["src/snippets/service.ts", `import { t } from "elysia";`],
    ["src/snippets/service.ts", `import { Database } from "bun:sqlite";`],
    ["src/snippets/service.ts", `import { sql } from "drizzle-orm/sqlite-core";`],
    ["src/snippets/service.ts", `import type { Storage } from "../storage/storage.ts";`],
    ["src/snippets/service.ts", `import type { Item } from "../sessions/item.ts";`],
    ["src/snippets/service.ts", `export * from "../planes/problem.ts";`],
    ["src/storage/sqlite/users.ts", `import "../postgres/users.ts";`],
    ["src/storage/sqlite/users.ts", `import { toProblem } from "../../planes/problem.ts";`],
    ["src/planes/control/auth.ts", `const { openSqlite } = await import("../../storage/sqlite/sqlite.ts");`],
    ["src/planes/control/auth.ts", `import type {\n  DataPlane,\n} from "../data/plane.ts";`],
    ["src/planes/data/plane.ts", `type Feed = import("../../storage/changes.ts").ChangeFeed;`],
    ["src/planes/data/plane.ts", `import { startApp } from "../../app.ts";`],
    ["src/auth/none.ts", `import { Elysia } from "elysia";`],
    ["src/cli/put.ts", `import { openSqlite } from "../storage/sqlite/sqlite.ts";`],
  ])("in %s this would be found: %s", (path, source) => {
    expect(forbiddenIn(path, `import { join } from "node:path";\n${source}\n`)).toHaveLength(1);
  });

  test("no import of a value escapes the search", () => {
    for (const path of files) {
      const source = sourceOf(path).replace(/^#!.*/, "");
      const seen = new Bun.Transpiler({ loader: "ts" }).scanImports(source).map((each) => each.path);
      expect(specifiersIn(source)).toEqual(expect.arrayContaining(seen));
    }
  });
});

describe("what stands in one place only", () => {
  test.each([
    [
      "the environment is read",
      /\bprocess\s*\.\s*env\b|\bBun\.env\b|\bimport\.meta\.env\b|"node:process"/,
      "src/config.ts",
    ],
    ["the process is ended", /\bprocess\s*\.\s*(?:exit|reallyExit|abort)\b/, "src/main.ts"],
  ])("%s", (_, pattern, place) => {
    expect(files.filter((path) => pattern.test(sourceOf(path)))).toEqual([place]);
  });
});

test("the only classes are errors", () => {
  const others = /^\s*(?:export\s+)?(?:default\s+)?(?:abstract\s+)?class\s+(?!\w+ extends \w*Error\b)/m;
  expect(files.filter((path) => others.test(sourceOf(path)))).toEqual([]);
});

test("no name says nothing: no utils, helpers, common or lib, and no index that only hands names on", () => {
  const paths = ["src", "web", "test", "scripts"].flatMap(scan);
  const nameless = paths.filter(
    (path) =>
      path
        .split("/")
        .some((part) => /^(?:utils?|helpers?|common|lib)$/i.test(basename(part, extname(part)))) ||
      /^index\.tsx?$/.test(basename(path)),
  );
  expect(nameless).toEqual([]);
});
