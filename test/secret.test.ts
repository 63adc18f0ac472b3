import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../src/error.ts";
import { keepSecret } from "../src/secret.ts";
import { temporaryFolder, until } from "./server.ts";

const NAME = "id-signing-secret";
const modeOf = (path: string) => statSync(path).mode & 0o777;

let temporary: ReturnType<typeof temporaryFolder>;
let folder: string;
beforeEach(() => {
  temporary = temporaryFolder();
  folder = join(temporary.path, "data");
});
afterEach(() => temporary.remove());

describe("the secret of a data folder", () => {
  test("is made once and kept", () => {
    const first = keepSecret(folder);
    expect(first.secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(first.file).toBe(join(folder, NAME));
    expect(keepSecret(folder)).toEqual(first);
    expect(readFileSync(first.file, "utf8").trim()).toBe(first.secret);
    expect(readdirSync(folder)).toEqual([NAME]);
  });

  test("is another in every folder", () => {
    expect(keepSecret(join(folder, "a")).secret).not.toBe(keepSecret(join(folder, "b")).secret);
  });

  test("is for its owner's eyes only, whatever the umask", () => {
    const before = process.umask(0);
    try {
      const { file } = keepSecret(folder);
      expect(modeOf(file)).toBe(0o600);
      expect(modeOf(folder)).toBe(0o700);
    } finally {
      process.umask(before);
    }
  });

  test("may be written by hand: space around it does not count", () => {
    mkdirSync(folder);
    const secret = "0123456789abcdef0123456789abcdef";
    writeFileSync(join(folder, NAME), `  ${secret}\r\n\n`);
    expect(keepSecret(folder).secret).toBe(secret);
  });

  test.each([
    ["empty", ""],
    ["short", `${"s".repeat(31)}\n`],
    ["blank", " ".repeat(64)],
  ])("is neither used nor replaced while its file is %s", (_, text) => {
    mkdirSync(folder);
    const file = join(folder, NAME);
    writeFileSync(file, text);
    let error: unknown;
    try {
      keepSecret(folder);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(AppError);
    const { code, message } = error as AppError;
    expect(code).toBe("invalid");
    expect(message).toContain(file);
    expect(message).toContain("32");
    expect(message).not.toContain("sss");
    expect(readFileSync(file, "utf8")).toBe(text);
  });

  test.each([
    ["before it wrote", ""],
    ["while it wrote", "half of a sec"],
  ])("is made though an earlier start was cut off %s", (_, rest) => {
    // In a container every start has the same process id.
    mkdirSync(folder);
    writeFileSync(join(folder, `${NAME}.${process.pid}`), rest);
    const { secret } = keepSecret(folder);
    expect(secret).toMatch(/^[A-Za-z0-9_-]{43}$/);
    expect(keepSecret(folder).secret).toBe(secret);
  });

  test("is the same for all who start at the same moment", async () => {
    mkdirSync(folder);
    const start = join(temporary.path, "start");
    const ready = (i: number) => join(temporary.path, `ready-${i}`);
    const script = `
      const { existsSync, writeFileSync } = require("node:fs");
      const { keepSecret } = await import(${JSON.stringify(join(import.meta.dir, "../src/secret.ts"))});
      const [folder, ready, start] = process.argv.slice(-3);
      writeFileSync(ready, "");
      while (!existsSync(start));
      console.log(keepSecret(folder).secret);`;
    const children = Array.from({ length: 6 }, (_, i) =>
      Bun.spawn([process.execPath, "-e", script, folder, ready(i), start], {
        stdout: "pipe",
        stderr: "inherit",
      }),
    );
    try {
      await until(() => children.every((_, i) => existsSync(ready(i))));
      writeFileSync(start, "");
      const secrets = await Promise.all(children.map((child) => new Response(child.stdout).text()));
      const kept = `${keepSecret(folder).secret}\n`;
      expect(secrets).toEqual(children.map(() => kept));
      expect(readdirSync(folder)).toEqual([NAME]);
    } finally {
      for (const child of children) child.kill();
      await Promise.all(children.map((child) => child.exited));
    }
  });
});
