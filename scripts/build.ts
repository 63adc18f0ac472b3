import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { install, must, pinnedBun, root } from "./setup.ts";

/** The executable, relative to the top of the repository. */
export const executable = "dist/margay";

/** Everything that goes into the executable. */
const SOURCES = ["src", "drizzle", "package.json", "bun.lock", "scripts/build.ts"];

/** Builds `dist/margay`, for this machine. */
export async function build(): Promise<void> {
  console.error(`building ${executable} …`);
  mkdirSync(join(root, "dist"), { recursive: true });
  // Bun leaves an old file in place when a build fails, so what is built goes by another name first.
  const draft = `${executable}.new`;
  rmSync(join(root, draft), { force: true });
  await must([
    pinnedBun,
    "build",
    "--compile",
    "--bytecode",
    "--format=esm",
    // No --minify: it breaks Elysia's reading of its handlers.
    "--sourcemap",
    "--define",
    'process.env.NODE_ENV="production"',
    // Elysia reads it here, to keep its errors short.
    "--define",
    'Bun.env.NODE_ENV="production"',
    // What lies in the current folder is the user's: it must not run as part of us.
    "--no-compile-autoload-bunfig",
    "--no-compile-autoload-dotenv",
    "--asset",
    "./drizzle",
    `--outfile=${draft}`,
    "src/main.ts",
    "src/storage/sqlite/writer.worker.ts",
  ]);
  renameSync(join(root, draft), join(root, executable));
  // The maps are inside.
  for (const name of readdirSync(join(root, "dist"))) {
    if (name.endsWith(".map")) rmSync(join(root, "dist", name));
  }
}

/** Builds unless the executable is newer than everything in it. */
export async function buildIfStale(): Promise<void> {
  const built = join(root, executable);
  if (existsSync(built) && statSync(built).mtimeMs > newest(SOURCES)) return;
  await build();
}

function newest(paths: string[]): number {
  const times = paths.flatMap((path) => {
    const stat = statSync(join(root, path));
    if (!stat.isDirectory()) return stat.mtimeMs;
    return newest(readdirSync(join(root, path)).map((name) => join(path, name)));
  });
  return Math.max(0, ...times);
}

if (import.meta.main) {
  await install();
  await build();
}
