import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS, type RunningServer } from "../../server.ts";
import { getAllPages } from "./pages.ts";
import { runServer } from "./running.ts";

interface Row {
  id: string;
  title: string | null;
  description: string | null;
}

const search = (server: RunningServer, term: string, query = "") =>
  getAllPages<Row>(server, `/api/snippets?q=${encodeURIComponent(term)}${query}`, 50);

describe.each(PROGRAMS)("search, from %s", (program) => {
  const server = runServer(program);
  const idsFor = async (term: string) => (await search(server, term)).map(({ id }) => id);

  test.each([
    { title: "Straße", found: ["straße", "Straße", "STRASSE", "strasse", "aß"], missed: ["strase"] },
    { title: "STRASSE 9", found: ["straße 9", "Strasse"], missed: ["strase 9"] },
    {
      title: "plain letters",
      found: ["ｐｌａｉｎ", "ＰＬＡＩＮ ＬＥＴＴＥＲＳ", "Plain L"],
      missed: ["plainletters"],
    },
    { title: "ｗｉｄｅ ｌｅｔｔｅｒｓ", found: ["wide", "WIDE LETTERS", "ｗｉｄｅ"], missed: ["wider"] },
    { title: "a ﬁne ligature", found: ["FINE", "fine", "ﬁ"], missed: ["ﬂne"] },
    {
      title: "Ångström unit",
      found: ["a\u030angstro\u0308m", "ÅNGSTRÖM", "\u212bngström"],
      missed: ["angstrom"],
    },
    { title: "Σίσυφος", found: ["σίσυφος", "ΣΊΣΥΦΟΣ", "ΣΊΣ", "φοσ"], missed: ["σισυφος"] },
    { title: "chapter x²", found: ["X2", "x²"], missed: ["x3"] },
  ])("letter case and compatibility forms do not matter: $title", async ({ title, found, missed }) => {
    const titled = await createSnippet(server, "x", { title });
    const described = await createSnippet(server, "x", { title: "other", description: `about ${title}.` });
    for (const term of found) {
      const ids = await idsFor(term);
      expect({ term, ids: ids.filter((id) => id === titled || id === described).sort() }).toEqual({
        term,
        ids: [titled, described].sort(),
      });
    }
    for (const term of missed) {
      const ids = await idsFor(term);
      expect({ term, found: ids.includes(titled) || ids.includes(described) }).toEqual({
        term,
        found: false,
      });
    }
  });

  test("an id is found by all of it and by every beginning of it that is no short word", async () => {
    const id = await createSnippet(server, "x");
    const other = await createSnippet(server, "x");
    for (let length = 4; length <= 64; length++) {
      const beginning = id.slice(0, length);
      for (const term of [beginning, ` ${beginning} `, `${server.data}/${id}?a=b`]) {
        const ids = await idsFor(term);
        expect({ term, found: ids.includes(id) }).toEqual({ term, found: true });
        // Twelve characters are 72 random bits.
        if (length >= 12) expect(ids).not.toContain(other);
      }
    }
    expect(await idsFor(id.slice(0, 3))).not.toContain(id);
  });

  test("the content is not searched, and what was a title is not found any more", async () => {
    const id = await createSnippet(server, "thecontentword", {
      title: "firsttitle",
      description: "firstabout",
    });
    expect(await idsFor("thecontentword")).toEqual([]);
    expect(await idsFor("firsttitle")).toEqual([id]);
    await api(server, "PATCH", `/api/snippets/${id}`, { title: "secondtitle" });
    expect(await idsFor("firsttitle")).toEqual([]);
    expect(await idsFor("secondtitle")).toEqual([id]);
    expect(await idsFor("firstabout")).toEqual([id]);
    await api(server, "PATCH", `/api/snippets/${id}`, { description: "" });
    expect(await idsFor("firstabout")).toEqual([]);
    expect(await idsFor(id)).toEqual([id]);
  });

  test("a match does not reach from one field into the next", async () => {
    await createSnippet(server, "x", { title: "endsalpha", description: "betabegins" });
    for (const term of ["alpha\nbeta", "alphabeta", "alpha beta"]) expect(await idsFor(term)).toEqual([]);
  });

  test("no term at all is no filter", async () => {
    const id = await createSnippet(server, "x");
    expect(await idsFor("")).toContain(id);
  });

  // Titles in pairs: the term finds the first, and would find the second if it were more than its characters.
  test.each([
    { term: "100%", title: "sold 100% of it", decoy: "sold 1000 of it" },
    { term: "%wild%", title: "a %wild% card", decoy: "a wild card" },
    { term: "w_ld", title: "one w_ld card", decoy: "one wxld card" },
    { term: "wi*d", title: "wi*d card", decoy: "wiiid card" },
    { term: "wi?d", title: "wi?d card", decoy: "wild dog" },
    { term: "[a-z]x", title: "the [a-z]x set", decoy: "the qx set" },
    { term: "^start", title: "no ^start", decoy: "start" },
    { term: "it's", title: "it's quoted", decoy: "its quoted" },
    { term: "' OR '1'='1", title: "hm ' OR '1'='1", decoy: "any title at all" },
    { term: "'; DROP TABLE snippets; --", title: "'; DROP TABLE snippets; --", decoy: "some table" },
    { term: '"double"', title: 'a "double" quote', decoy: "a double quote" },
    { term: "back\\slash", title: "back\\slash", decoy: "backslash" },
    { term: "\\%esc", title: "an \\%esc", decoy: "an %esc" },
    { term: "nul\u0000byte", title: "nul\u0000byte", decoy: "nul" },
    { term: "\u0000", title: "only \u0000 here", decoy: "nothing here" },
    { term: "a+b c&d=e#f", title: "a+b c&d=e#f", decoy: "a b c" },
    { term: "🐈‍⬛ cat", title: "black 🐈‍⬛ cat", decoy: "black 🐈 cat" },
    { term: "two  spaces", title: "two  spaces", decoy: "two spaces" },
  ])("a term means its characters and nothing else: $term", async ({ term, title, decoy }) => {
    const id = await createSnippet(server, "x", { title });
    const other = await createSnippet(server, "x", { title: decoy });
    const rows = await search(server, term);
    const ids = rows.map((row) => row.id);
    expect({ found: ids.includes(id), decoy: ids.includes(other) }).toEqual({ found: true, decoy: false });
    const folded = term.toLowerCase();
    for (const row of rows) {
      expect(`${row.title}\n${row.description}\n${row.id}`.toLowerCase()).toContain(folded);
    }
    await api(server, "DELETE", `/api/snippets/${id}`);
    expect((await search(server, term)).map((row) => row.id)).not.toContain(id);
    expect((await search(server, term, "&deleted=true")).map((row) => row.id)).toContain(id);
  });
});
