import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS, type RunningServer, runCommand } from "../server.ts";
import { openWorkspace, rowsFor, type Workspace } from "./workspace.ts";

/** Texts that something on the way might change. */
const TEXTS: [string, string][] = [
  ["nothing", ""],
  ["no line feed at the end", "one line"],
  ["several at the end", "line\n\n\n"],
  ["CRLF", "a\r\nb\r\n"],
  ["a byte order mark", "\ufefftext\n"],
  ["separators of lines and paragraphs", "a\u2028b\u2029c\u0085d"],
  ["NUL", "a\0b"],
  ["emoji", "👩‍👩‍👧 🦊"],
  ["placeholders", "Hello {{name}}, {{{x}}}"],
  ["900,000 bytes", "0123456789abcde\n".repeat(56_250)],
];

/** File, options, and the title and content type that come of them. */
const TYPES: [string, string[], string | null, string][] = [
  ["page.html", [], "page.html", "text/html; charset=utf-8"],
  ["style.css", [], "style.css", "text/css; charset=utf-8"],
  ["data.json", [], "data.json", "application/json; charset=utf-8"],
  ["NOTES", [], "NOTES", "text/plain; charset=utf-8"],
  ["notes.unknown-extension", [], "notes.unknown-extension", "text/plain; charset=utf-8"],
  ["titled.html", ["--title", "A page"], "A page", "text/html; charset=utf-8"],
  ["typed.html", ["--type", "text/x-own"], "typed.html", "text/x-own"],
  ["untitled.css", ["--title", ""], null, "text/css; charset=utf-8"],
];

describe.each(PROGRAMS)("put and get, from %s", (program) => {
  let work: Workspace;
  beforeAll(async () => {
    work = await openWorkspace(program);
  });
  afterAll(() => work?.close());

  /** The snippets that changed last. */
  const newest = async () => (await api(work.server, "GET", "/api/snippets?limit=5")).body.snippets;
  /** The id in what `put` printed, which is one link and nothing else. */
  const idIn = (stdout: string) => {
    const match = /^(http:\/\/127\.0\.0\.1:\d+)\/([\w-]{64})\n$/.exec(stdout);
    expect(match?.[1]).toBe(work.server.data);
    return match![2]!;
  };
  const put = async (args: string[], stdin?: string) => {
    const { code, stdout, stderr } = await work.margay(["put", ...args], { stdin });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    return { link: stdout.trim(), id: idIn(stdout) };
  };

  test("put prints a link and nothing else, and the link serves the text", async () => {
    const file = work.write("greeting.txt", "Hello {{name}}\n");
    const { link } = await put([file]);
    const response = await fetch(`${link}?name=world`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("Hello world\n");
    const { stdout } = await work.shell(`curl -s '${link}?name=curl'`);
    expect(stdout.toString()).toBe("Hello curl\n");
  });

  test.each(rowsFor(program, TYPES))(
    "put %s %j is titled %j and served as %s",
    async (name, options, title, type) => {
      const file = work.write(name, "x");
      const { link, id } = await put([file, ...options]);
      expect((await api(work.server, "GET", `/api/snippets/${id}`)).body).toMatchObject({
        title,
        content_type: type,
      });
      expect((await fetch(link)).headers.get("content-type")).toBe(type);
    },
  );

  test.each([[[]], [["-"]]])("put %j takes standard input, without a title", async (args) => {
    const { link, id } = await put(args, "from a pipe\n");
    expect(await (await fetch(link)).text()).toBe("from a pipe\n");
    expect((await api(work.server, "GET", `/api/snippets/${id}`)).body).toMatchObject({
      title: null,
      content_type: "text/plain; charset=utf-8",
    });
  });

  test("put --id publishes a new version under the same link and keeps title and type", async () => {
    const { link, id } = await put([work.write("first.css", "first"), "--title", "kept"]);
    expect(await put([work.write("second.html", "second"), "--id", id])).toEqual({ link, id });
    expect(await (await fetch(link)).text()).toBe("second");
    const { body } = await api(work.server, "GET", `/api/snippets/${id}`);
    expect(body).toMatchObject({
      title: "kept",
      content_type: "text/css; charset=utf-8",
      history_count: 2,
    });
    await put(["--id", id, "--title", "renamed", "--type", "a/b"], "third");
    expect((await api(work.server, "GET", `/api/snippets/${id}`)).body).toMatchObject({
      title: "renamed",
      content_type: "a/b",
      history_count: 3,
    });
  });

  describe("put refuses, and stores nothing, where", () => {
    const REFUSED: [string, () => string[], Uint8Array | undefined, string[]][] = [
      [
        "a file is binary",
        () => [work.write("image", Uint8Array.of(0x89, 0x50, 0xff, 0))],
        undefined,
        ["image", "UTF-8"],
      ],
      ["standard input is binary", () => [], Uint8Array.of(0x41, 0xff, 0xfe), ["standard input", "UTF-8"]],
      ["standard input ends within a character", () => [], Uint8Array.of(0x41, 0xe2, 0x82), ["UTF-8"]],
      ["there is no such file", () => ["missing.txt"], undefined, ["missing.txt"]],
      ["the file is a folder", () => ["."], undefined, ["."]],
      [
        "a text is too large",
        () => [work.write("large", "x".repeat(2 ** 20 + 1))],
        undefined,
        ["413", "MAX_CONTENT_BYTES"],
      ],
      ["a title is too long", () => ["--title", "t".repeat(256)], undefined, ["400", "title"]],
      ["a type is no header value", () => ["--type", "a\nb"], undefined, ["400", "content_type"]],
      ["an id is malformed", () => ["--id", "short"], undefined, ["400", "id"]],
      ["an id is nobody's", () => ["--id", "A".repeat(64)], undefined, ["404"]],
    ];
    test.each(rowsFor(program, REFUSED))("%s", async (_, args, stdin, words) => {
      const before = await newest();
      const { code, stdout, stderr } = await work.margay(["put", ...args()], { stdin });
      expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
      expect(stderr).toMatch(/^margay: .*\n$/);
      for (const word of words) expect(stderr).toContain(word);
      expect(await newest()).toEqual(before);
    });
  });

  test.each(rowsFor(program, TEXTS))("a text with %s comes back byte for byte", async (_, text) => {
    const file = work.write("text", text);
    const { link } = await put([file]);
    const { code, stdout } = await work.shell(
      `printf kept > appended && margay get ${link} >> appended && margay get ${link} > got && cat got appended`,
    );
    expect(code).toBe(0);
    expect(stdout.equals(Buffer.from(`${text}kept${text}`))).toBe(true);
    expect(Buffer.from(await (await fetch(link)).bytes()).equals(Buffer.from(text))).toBe(true);
  });

  test("get takes an id, a link and a link with file name and query, and leaves placeholders alone", async () => {
    const id = await createSnippet(work.server, "Hello {{name}}");
    const link = `${work.server.data}/${id}`;
    for (const argument of [id, link, `${link}/page.html?name=world`, `${link}#top`]) {
      expect(await work.margay(["get", argument])).toEqual({ code: 0, stdout: "Hello {{name}}", stderr: "" });
    }
  });

  test.each(
    rowsFor(program, [
      ["short", "400"],
      ["A".repeat(64), "404"],
      ["http://127.0.0.1/", "400"],
      ["../auth-info", "400"],
    ]),
  )("get %s prints nothing but why not", async (argument, status) => {
    const { code, stdout, stderr } = await work.margay(["get", argument]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^margay: .*\n$/);
    expect(stderr).toContain(status);
  });

  test("an id that begins with a hyphen is no option", async () => {
    let id = "";
    // One of 64 ids does.
    while (!id.startsWith("-")) id = await createSnippet(work.server, "Hello");
    expect(await work.margay(["get", id])).toEqual({ code: 0, stdout: "Hello", stderr: "" });
    expect(await put(["--id", id], "Bye")).toEqual({ link: `${work.server.data}/${id}`, id });
    expect((await work.margay(["get", id])).stdout).toBe("Bye");
  });

  test("MARGAY_URL names another server", async () => {
    const id = await createSnippet(work.server, "over there");
    const env = { CONTROL_PLANE_ADDR: "127.0.0.1:1", MARGAY_URL: `${work.server.control}/` };
    expect((await work.margay(["get", id], { env })).stdout).toBe("over there");
    const { stdout } = await work.margay(["put"], { env, stdin: "to there" });
    expect(await (await fetch(stdout.trim())).text()).toBe("to there");
  });

  test.each(["put", `get ${"A".repeat(64)}`])("without a server %s says what to do", async (line) => {
    const free = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: () => new Response() });
    const env = { CONTROL_PLANE_ADDR: `127.0.0.1:${free.port}` };
    await free.stop(true);
    const { code, stdout, stderr } = await runCommand(program, line.split(" "), { cwd: work.path, env });
    expect({ code, stdout }).toEqual({ code: 1, stdout: "" });
    expect(stderr).toMatch(/^margay: no server answers at .*\n$/);
    for (const word of [env.CONTROL_PLANE_ADDR, "margay serve", "MARGAY_URL"]) expect(stderr).toContain(word);
  });
});

test.each(PROGRAMS)(
  "put prints the public address of the data plane if the server has one, from %s",
  async (program) => {
    const work = await openWorkspace(program, { DATA_PLANE_PUBLIC_URL: "https://get.example.org/texts/" });
    try {
      const { code, stdout } = await work.margay(["put"], { stdin: "public" });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^https:\/\/get\.example\.org\/texts\/[\w-]{64}\n$/);
      const id = stdout.trim().slice(-64);
      const direct: Pick<RunningServer, "data"> = work.server;
      expect(await (await fetch(`${direct.data}/${id}`)).text()).toBe("public");
      expect((await work.margay(["get", stdout.trim()])).stdout).toBe("public");
    } finally {
      await work.close();
    }
  },
);
