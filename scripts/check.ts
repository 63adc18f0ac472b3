import { install, must, pinnedBun } from "./setup.ts";

// Format and lint, then types.
await install();
// Both are programs for Node, which is not needed elsewhere.
const tool = [pinnedBun, "x", "--bun"];
await must([...tool, "biome", "check", "--error-on-warnings", "."]);
await must([...tool, "tsc", "--noEmit"]);
