import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createSnippet, exchange, PROGRAMS } from "../../server.ts";
import { runServer } from "../control/running.ts";

/** By the rules, read one character at a time: a placeholder whose name is given, else the character itself. */
function renderSlowly(template: string, values: ReadonlyMap<string, string>): string {
  let text = "";
  for (let at = 0; at < template.length; ) {
    const placeholder = /^\{\{([A-Za-z0-9_]+)\}\}/.exec(template.slice(at));
    const value = placeholder && values.get(placeholder[1]!);
    if (typeof value === "string") {
      text += value;
      at += placeholder![0].length;
    } else text += template[at++];
  }
  return text;
}

describe.each(PROGRAMS)("the query of a delivery, from %s", (program) => {
  const server = runServer(program);

  /** The text that comes for a query that is sent in UTF-8, and otherwise as it is. */
  const deliver = async (id: string, rawQuery: string) => {
    const target = Buffer.from(`/${id}?${rawQuery}`).toString("latin1");
    const { head, body } = await exchange(
      server.data,
      `GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`,
    );
    expect(head).toStartWith("HTTP/1.1 200 ");
    return body.toString();
  };

  test.each([
    ["a value", "a=1&b=2", "1|2"],
    ["no query", "", "{{a}}|{{b}}"],
    ["other names", "c=1&A=2&aa=3", "{{a}}|{{b}}"],
    ["an empty value", "a=&b", "|"],
    ["an empty name", "=1&b=2", "{{a}}|2"],
    ["an equals sign in a value", "a=1=2=", "1=2=|{{b}}"],
    ["empty pairs", "&&a=1&&&b=2&", "1|2"],
    ["a repeated name: the last wins", "a=1&b=x&a=2&a=3", "3|x"],
    ["a repeated name whose last is empty", "a=1&b=x&a", "|x"],
    ["plus for a space", "a=1+2++&b=+", "1 2  | "],
    ["an encoded plus", "a=1%2B2", "1+2|{{b}}"],
    ["percent-encoding in both cases", "a=%4A%4a%2f%2F", "JJ//|{{b}}"],
    ["an encoded name", "%61=1&%62=2", "1|2"],
    ["a name in both spellings", "a=1&%61=2", "2|{{b}}"],
    ["encoded delimiters", "a=%26%3D&b=%25", "&=|%"],
    ["an encoding within an encoding", "a=%2541", "%41|{{b}}"],
    ["invalid percents", "a=%&b=%zz%4", "%|%zz%4"],
    ["a percent before a good one", "a=%%41", "%A|{{b}}"],
    ["UTF-8, encoded", "a=%C3%BC&b=%F0%9F%90%88", "ü|🐈"],
    ["UTF-8, raw", "a=ü&b=🐈", "ü|🐈"],
    ["UTF-8, raw and encoded", "a=ü%C3%BC", "üü|{{b}}"],
    ["bytes that are no UTF-8", "a=%ff&b=%C3", "\ufffd|\ufffd"],
    ["a byte order mark", "a=%EF%BB%BFx", "\ufeffx|{{b}}"],
    ["control characters", "a=%00%0d%0a%7f", "\0\r\n\x7f|{{b}}"],
    ["semicolons do not separate", "a=1;b=2", "1;b=2|{{b}}"],
    ["question marks", "a=?&b=1?2", "?|1?2"],
    ["a question mark before the name", "?a=1", "{{a}}|{{b}}"],
    ["a question mark before the name of an encoded value", "?a=%31", "{{a}}|{{b}}"],
    ["a placeholder in a value: it is text", "a={{b}}&b={{a}}", "{{b}}|{{a}}"],
    ["halves of a placeholder in values", "a={{b&b=}}", "{{b|}}"],
    ["names of an object's own", "constructor=1&__proto__=2&toString=3", "{{a}}|{{b}}"],
    ["a replacement pattern in a value", "a=$%26$1$$&b=$'", "$&$1$$|$'"],
    ["a long value", `a=${"x".repeat(8_000)}`, `${"x".repeat(8_000)}|{{b}}`],
  ])("%s", async (_, rawQuery, expected) => {
    const id = await createSnippet(server, "{{a}}|{{b}}");
    // From the store, then from the cache.
    expect(await deliver(id, rawQuery)).toBe(expected);
    expect(await deliver(id, rawQuery)).toBe(expected);
  });

  test.each([
    ["{{a}}{{a}}", "11"],
    ["{{{a}}}", "{1}"],
    ["{{{{a}}}}", "{{1}}"],
    ["{{ a }}{{a }}", "{{ a }}{{a }}"],
    ["{{}}{{a}}", "{{}}1"],
    ["{{a-b}}{{a.b}}", "{{a-b}}{{a.b}}"],
    ["{{a{{a}}", "{{a1"],
    ["{{a}{{a}}", "{{a}1"],
    ["{{a\n}}", "{{a\n}}"],
    ["{{ä}}{{à}}", "{{ä}}{{à}}"],
    ["{{_}}{{A}}{{0}}", "234"],
    ["{{constructor}}{{__proto__}}", "{{constructor}}{{__proto__}}"],
    ["{{", "{{"],
    ["{{a}", "{{a}"],
  ])("the template %p is filled by the rules", async (template, expected) => {
    const id = await createSnippet(server, template);
    expect(await deliver(id, "a=1&_=2&A=3&0=4&%C3%A4=5")).toBe(expected);
  });

  test("any template with any query is what reading them by the rules gives", async () => {
    const piece = (...pieces: string[]) =>
      fc.array(fc.constantFrom(...pieces), { maxLength: 12 }).map((parts) => parts.join(""));
    const template = piece(
      "{",
      "{{",
      "}",
      "}}",
      "a",
      "b_1",
      "{{a}}",
      "{{b_1}}",
      " ",
      "ü",
      "🐈",
      "\0",
      "\r\n",
    );
    const rawQuery = piece(
      ..."a,b_1,a=,b_1=,=,&,&,+,%,41,%41,%61,%C3%BC,%ff,%26,%3D,?,;,/,ü,🐈,{{a}},}}".split(","),
    );
    await fc.assert(
      fc.asyncProperty(
        template,
        fc.array(rawQuery, { minLength: 1, maxLength: 5 }),
        async (text, queries) => {
          const id = await createSnippet(server, text);
          for (const query of [...queries, queries[0]!]) {
            // The leading ampersand adds no pair, and keeps a question mark from being taken for a delimiter.
            const values = new Map(new URLSearchParams(`&${query}`));
            expect(await deliver(id, query)).toBe(renderSlowly(text, values));
          }
        },
      ),
      { numRuns: 150 },
    );
  });
});
