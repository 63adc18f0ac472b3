import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildIfStale } from "./build.ts";
import { install, pinnedBun, run } from "./setup.ts";

/*
 * Installs, builds, runs every test, or those whose files the arguments name. The last line sums up:
 * `N passed, N failed`, with `, N skipped` where something was left out.
 */
await install();
await buildIfStale();

const folder = mkdtempSync(join(tmpdir(), "margay-test-"));
const report = join(folder, "report.xml");
try {
  const code = await run([
    pinnedBun,
    "test",
    "--timeout=60000",
    "--reporter=junit",
    `--reporter-outfile=${report}`,
    ...process.argv.slice(2),
  ]);
  const [totals = ""] = /<testsuites [^>]*>/.exec(readFileSync(report, "utf8")) ?? [];
  const total = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(totals)?.[1] ?? 0);
  const [tests, failed, skipped] = [total("tests"), total("failures"), total("skipped")];
  const passed = tests - failed - skipped;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  process.exitCode = code || (passed === 0 ? 1 : 0);
} finally {
  rmSync(folder, { recursive: true, force: true });
}
