import { install, must } from "./setup.ts";

// Format and lint, then types.
await install();
await must(["node_modules/.bin/biome", "check", "--error-on-warnings", "."]);
await must(["node_modules/.bin/tsc", "--noEmit"]);
