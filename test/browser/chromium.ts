import { existsSync } from "node:fs";
import { type Browser, chromium } from "playwright-core";

const EXECUTABLE = "/usr/bin/chromium";

/** Whether Debian's Chromium is here. Where all tests must run (`CI=true`), it counts as there, and fails if not. */
export const hasChromium = existsSync(EXECUTABLE) || process.env.CI === "true";

/** For the names of tests that are left out. */
export const WITHOUT_CHROMIUM = hasChromium ? "" : ` (left out: no Chromium at ${EXECUTABLE})`;

/** Starts a browser that asks the network for nothing but what its pages load. */
export function launchChromium(): Promise<Browser> {
  if (!existsSync(EXECUTABLE))
    throw new Error(`there is no Chromium at ${EXECUTABLE}: install Debian's package`);
  return chromium.launch({
    executablePath: EXECUTABLE,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-default-apps",
      "--disable-sync",
      "--no-first-run",
    ],
  });
}
