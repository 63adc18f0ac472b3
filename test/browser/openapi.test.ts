import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Browser, Page } from "playwright-core";
import { PROGRAMS, type RunningServer, startServer, temporaryFolder } from "../server.ts";
import { hasChromium, launchChromium, WITHOUT_CHROMIUM } from "./chromium.ts";

const SCREENSHOTS = join(import.meta.dir, "../screenshots");
/** A browser on a busy machine takes its time. Milliseconds. */
const PATIENCE = 60_000;
const WINDOWS = [
  { name: "wide", width: 1280, height: 900 },
  { name: "narrow", width: 360, height: 740 },
];

describe.skipIf(!hasChromium)(`the API's page in a browser${WITHOUT_CHROMIUM}`, () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(SCREENSHOTS, { recursive: true });
    browser = await launchChromium();
  }, PATIENCE);
  afterAll(async () => {
    await browser?.close();
  });

  describe.each(PROGRAMS)("from %s", (program) => {
    const folder = temporaryFolder();
    let server: RunningServer;
    beforeAll(async () => {
      server = await startServer(program, folder.path);
    });
    afterAll(async () => {
      await server?.stop();
      folder.remove();
    });

    /** A page at `/openapi` and what went wrong on it; resolves when the operations are there. */
    const open = async ({ width, height }: { width: number; height: number }) => {
      const page = await browser.newPage({ viewport: { width, height } });
      const complaints: string[] = [];
      const hosts = new Set<string>();
      page.on("request", (request) => {
        if (!request.url().startsWith("data:")) hosts.add(new URL(request.url()).origin);
      });
      page.on("response", (response) => {
        if (response.status() >= 400) complaints.push(`${response.status()} ${response.url()}`);
      });
      page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
      page.on("pageerror", (error) => complaints.push(`thrown: ${error.message}`));
      page.on("console", (message) => {
        // A violation of the content security policy is a console error too.
        if (["error", "warning"].includes(message.type())) complaints.push(`console: ${message.text()}`);
      });
      await page.goto(`${server.control}/openapi`, { waitUntil: "load" });
      await page.locator(".opblock").first().waitFor();
      return { page, complaints, hosts };
    };
    const overflow = (page: Page) =>
      page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");

    test.each(WINDOWS)(
      "shows every operation, loads nothing from elsewhere and complains of nothing, $name",
      async (window) => {
        const { page, complaints, hosts } = await open(window);
        const { paths } = (await (await fetch(`${server.control}/openapi/json`)).json()) as { paths: object };
        const documented = Object.values(paths).flatMap((operations) => Object.keys(operations));
        expect(await page.locator(".opblock").count()).toBe(documented.length);
        expect(await page.title()).toContain("Margay");
        expect(await overflow(page)).toBe(0);
        await page.screenshot({ path: join(SCREENSHOTS, `openapi-${window.name}.png`), fullPage: true });

        const create = page.locator(".opblock-post").filter({ hasText: "Store a snippet" });
        await create.locator("button.opblock-summary-control").click();
        await create.locator(".responses-wrapper").waitFor();
        await page.screenshot({
          path: join(SCREENSHOTS, `openapi-operation-${window.name}.png`),
          fullPage: true,
        });
        expect(await overflow(page)).toBe(0);
        const request = await create.locator(".opblock-section-request-body").textContent();
        const answers = await create.locator(".responses-wrapper").textContent();
        await page.close();
        expect([...hosts]).toEqual([server.control]);
        expect(complaints).toEqual([]);
        for (const field of ["id", "content_type", "title", "owner_id"])
          expect(answers).toContain(`"${field}"`);
        for (const field of ["content", "content_type", "title"]) expect(request).toContain(`"${field}"`);
      },
      PATIENCE,
    );

    // Browsers ask for the icon once, at a time of their own: so not every page would complain.
    test("has an icon, or says that it has none", async () => {
      const html = await (await fetch(`${server.control}/openapi`)).text();
      const { status } = await fetch(`${server.control}/favicon.ico`);
      expect(/<link [^>]*rel="[^"]*\bicon\b/.test(html) || status < 400).toBe(true);
    });

    test(
      "an operation can be tried out from the page",
      async () => {
        const { page, hosts } = await open(WINDOWS[0]!);
        const me = page.locator(".opblock-get").filter({ hasText: "/api/me" });
        await me.locator("button.opblock-summary-control").click();
        await me.getByRole("button", { name: "Try it out" }).click();
        await me.getByRole("button", { name: "Execute" }).click();
        await me.locator(".live-responses-table .response-col_status").last().waitFor();
        expect(await me.locator(".live-responses-table").textContent()).toContain("local-dev");
        await page.close();
        expect([...hosts]).toEqual([server.control]);
      },
      PATIENCE,
    );
  });
});
