import { openStorage } from "../app.ts";
import { invalid, notFound } from "../error.ts";
import { type Command, parse, UsageError } from "./command.ts";

/** `admin promote|demote USER`, `admin list`: roles, on the database itself, beside a running server too. */
export const admin: Command = async ({ args, config, log, print }) => {
  const { positionals } = parse(args, [], 2);
  const [action, userId] = positionals;
  if (action !== "promote" && action !== "demote" && action !== "list") {
    throw new UsageError("admin knows promote, demote and list");
  }
  if (action !== "list" && !userId) throw new UsageError(`admin ${action} needs a user id`);
  if (userId !== undefined && (userId.length > 255 || userId.trim() === "" || !userId.isWellFormed())) {
    throw invalid("a user id has 1 to 255 characters");
  }

  const storage = openStorage(config(), log, { exclusive: false });
  try {
    if (action === "list") {
      const users = (await storage.users.list()).filter(({ id }) => userId === undefined || id === userId);
      if (userId !== undefined && users.length === 0)
        throw notFound(`no user ${JSON.stringify(userId)} is known`);
      for (const { id, isAdmin } of users) await print(`${isAdmin ? "admin" : "user "}  ${id}\n`);
      return;
    }
    if (action === "demote" && !(await storage.users.find(userId!))) {
      throw notFound(`no user ${JSON.stringify(userId)} is known`);
    }
    const user = await storage.users.setAdmin(userId!, action === "promote", Date.now());
    await print(`${user.id} is ${user.isAdmin ? "an admin" : "no admin"} now\n`);
  } finally {
    await storage.close();
  }
};
