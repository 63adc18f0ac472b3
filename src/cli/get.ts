import { connect } from "./api.ts";
import { type Command, parse, UsageError } from "./command.ts";

/** Prints a snippet's current text as it was put, placeholders included. A link is taken for its id. */
export const get: Command = async ({ args, config: loadConfig, print }) => {
  const { positionals } = parse(args, [], 1);
  const [argument] = positionals;
  if (!argument) throw new UsageError("get needs the id of a snippet");
  const id = encodeURIComponent(idIn(argument));
  const api = connect(loadConfig());
  const { history } = await api.call<{ history: { target_hash: string }[] }>(
    "GET",
    `/api/snippets/${id}?limit=1`,
  );
  const { content } = await api.call<{ content: string }>(
    "GET",
    `/api/snippets/${id}/versions/${history[0]!.target_hash}`,
  );
  await print(content);
};

function idIn(argument: string): string {
  const url = URL.parse(argument);
  return url ? (url.pathname.split("/").find((part) => part.length === 64) ?? argument) : argument;
}
