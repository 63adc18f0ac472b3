import { basename, extname } from "node:path";
import { contentType as contentTypeOf } from "mime-types";
import { invalid } from "../error.ts";
import { connect } from "./api.ts";
import { type Command, parse } from "./command.ts";

/** Uploads a file, or standard input, as a new snippet or (`--id`) a new version; prints its link. */
export const put: Command = async ({ args, config: loadConfig, print }) => {
  const { values, positionals } = parse(args, ["title", "type", "id"], 1);
  // A hyphen is standard input, as elsewhere.
  const file = positionals[0] === "-" ? undefined : positionals[0];
  const api = connect(loadConfig());
  const fields = {
    content: await readText(file),
    title: values.title ?? (file && !values.id ? basename(file) : undefined),
    content_type: values.type ?? (values.id ? undefined : typeOf(file)),
  };
  const { id } = values.id
    ? await api.call<{ id: string }>("PATCH", `/api/snippets/${encodeURIComponent(values.id)}`, fields)
    : await api.call<{ id: string }>("POST", "/api/snippets", fields);
  await print(`${await api.linkTo(id)}\n`);
};

async function readText(file: string | undefined): Promise<string> {
  const source = file === undefined ? Bun.stdin : Bun.file(file);
  const bytes = await source.bytes().catch((error: Error) => {
    throw invalid(`${file} cannot be read: ${error.message}`);
  });
  try {
    // A byte order mark belongs to the text.
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw invalid(`${file ?? "standard input"} is not text in UTF-8`);
  }
}

/** The media type of a file's extension; undefined lets the server choose. */
function typeOf(file: string | undefined): string | undefined {
  return (file && contentTypeOf(extname(file))) || undefined;
}
