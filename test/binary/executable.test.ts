import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "bun:test";
import { constants, copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import {
  api,
  commandOf,
  createSnippet,
  type RunningServer,
  startServer,
  temporaryFolder,
} from "../server.ts";
import { filesOpenForWriting } from "./open-files.ts";

const ADDRESSES = ["CONTROL_PLANE_ADDR=127.0.0.1:0", "DATA_PLANE_ADDR=127.0.0.1:0"];

describe("the executable, alone", () => {
  // A copy, with nothing of the repository around it.
  const home = temporaryFolder();
  const executable = join(home.path, "margay");
  beforeAll(() => copyFileSync(commandOf("executable")[0]!, executable, constants.COPYFILE_FICLONE));
  afterAll(() => home.remove());

  let folder: ReturnType<typeof temporaryFolder>;
  const running: RunningServer[] = [];
  beforeEach(() => {
    folder = temporaryFolder();
  });
  afterEach(async () => {
    for (const server of running.splice(0)) await server.stop();
    folder.remove();
  });

  /** Starts it in the empty folder with these settings as its whole environment: no Bun and no Node to be found. */
  const start = async (...settings: string[]): Promise<RunningServer> => {
    const server = await startServer("executable", folder.path, {
      wrap: () => ["/usr/bin/env", "-i", "PATH=/nonexistent", ...ADDRESSES, ...settings, executable, "serve"],
    });
    running.push(server);
    return server;
  };
  const deliver = async (server: RunningServer, id: string) =>
    (await fetch(`${server.data}/${id}?name=world`)).text();

  test("starts in an empty folder, stores, delivers, and has everything after a restart", async () => {
    const first = await start();
    const id = await createSnippet(first, "Hello {{name}}", { title: "kept" });
    const removed = await createSnippet(first, "gone");
    await api(first, "PATCH", `/api/snippets/${id}`, { content: "Bye {{name}}" });
    await api(first, "DELETE", `/api/snippets/${removed}`);
    expect(await deliver(first, id)).toBe("Bye world");
    const before = (await api(first, "GET", `/api/snippets/${id}`)).body;
    expect(await first.stop()).toBe(0);

    const second = await start();
    expect((await api(second, "GET", `/api/snippets/${id}`)).body).toEqual(before);
    expect(before).toMatchObject({ title: "kept", history_count: 2 });
    expect(await deliver(second, id)).toBe("Bye world");
    expect((await fetch(`${second.data}/${removed}`)).status).toBe(404);
    expect(await deliver(second, await createSnippet(second, "new"))).toBe("new");
  });

  test("has everything after it was killed", async () => {
    const first = await start();
    const id = await createSnippet(first, "Hello {{name}}");
    await first.stop("SIGKILL");
    const second = await start();
    expect(await deliver(second, id)).toBe("Hello world");
  });

  test("brings the description of its interface along", async () => {
    const server = await start();
    for (const path of ["/openapi", "/openapi/json", "/openapi/swagger-ui.js", "/openapi/swagger-ui.css"]) {
      const response = await fetch(server.control + path);
      expect([path, response.status]).toEqual([path, 200]);
      expect((await response.bytes()).length).toBeGreaterThan(100);
    }
  });

  test("writes nothing outside of its data folder", async () => {
    const elsewhere = ["home", "tmp", "cache"].map((name) => join(folder.path, name));
    for (const path of elsewhere) mkdirSync(path);
    const [homePath, tmp, cache] = elsewhere;
    const server = await start(
      `HOME=${homePath}`,
      ...["TMPDIR", "TMP", "TEMP", "BUN_TMPDIR"].map((name) => `${name}=${tmp}`),
      `XDG_CACHE_HOME=${cache}`,
      "DATA_DIR=kept/here",
    );
    const id = await createSnippet(server, "text");
    await deliver(server, id);
    await fetch(`${server.control}/openapi/swagger-ui.js`);
    for (const file of filesOpenForWriting(server.pid)) {
      expect(file).toStartWith(join(folder.path, "kept/here/"));
    }
    await server.stop();
    for (const path of elsewhere) expect(readdirSync(path)).toEqual([]);
    expect(readdirSync(folder.path).sort()).toEqual(["cache", "home", "kept", "tmp"]);
    expect(readdirSync(home.path)).toEqual(["margay"]);
  });

  test("keeps a secret that only its owner can read, and says where", async () => {
    const server = await startServer("executable", folder.path, {
      wrap: () => ["/bin/sh", "-c", `umask 0; exec "${executable}" serve`],
    });
    running.push(server);
    const file = join(folder.path, "data/id-signing-secret");
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder.path, "data")).mode & 0o777).toBe(0o700);
    const secret = readFileSync(file, "utf8").trim();
    expect(secret).toMatch(/^[\w-]{43}$/);
    expect(server.stderr()).toContain(file);
    expect(server.stderr()).not.toContain(secret);
    const id = await createSnippet(server, "signed");
    await server.stop();

    const again = await start();
    expect(again.stderr()).toContain(file);
    expect(readFileSync(file, "utf8").trim()).toBe(secret);
    expect(await deliver(again, id)).toBe("signed");
  });

  test("makes no secret of its own where the settings give one", async () => {
    const secret = "a secret from the environment, long enough";
    const server = await start(`ID_SIGNING_SECRET=${secret}`);
    const id = await createSnippet(server, "signed");
    expect(existsSync(join(folder.path, "data/id-signing-secret"))).toBe(false);
    expect(server.stderr()).not.toContain(secret);
    await server.stop();
    const other = await start("ID_SIGNING_SECRET=the secret of a quite different server");
    expect((await fetch(`${other.data}/${id}`)).status).toBe(404);
  });
});
