import { install, pinnedBun, run } from "./setup.ts";

// Both planes from source, started anew whenever a file changes.
await install();
process.exit(await run([pinnedBun, "--watch", "src/main.ts", "serve"]));
