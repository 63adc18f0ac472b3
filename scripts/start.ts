import { buildIfStale, executable } from "./build.ts";
import { install, run } from "./setup.ts";

await install();
await buildIfStale();
process.exit(await run([executable, "serve", ...process.argv.slice(2)]));
