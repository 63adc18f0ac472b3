import manifest from "../../package.json";
import type { Command } from "./command.ts";

export const version: Command = async ({ print }) => {
  await print(`margay ${manifest.version} (bun ${Bun.version})\n`);
};
