import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { buildIfStale } from "./build.ts";
import { install, pinnedBun, root, run } from "./setup.ts";

// `bench NAME` runs test/bench/NAME.ts against the executable.
const [name, ...args] = process.argv.slice(2);
const file = `test/bench/${name}.ts`;
if (!name || !existsSync(join(root, file))) {
  const names = readdirSync(join(root, "test/bench"), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => entry.name.replace(/\.ts$/, ""));
  console.error(`usage: bun run bench NAME, where NAME is one of: ${names.join(", ")}`);
  process.exit(2);
}
await install();
await buildIfStale();
process.exit(await run([pinnedBun, file, ...args]));
