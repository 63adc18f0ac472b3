import { parseArgs } from "node:util";

/** Reads `--name NUMBER` options, all of them positive whole numbers. Ends the process if one is not right. */
export function numbersFrom<Name extends string>(
  argv: string[],
  defaults: Record<Name, number>,
): Record<Name, number> {
  const names = Object.keys(defaults) as Name[];
  const usage = (fault: string): never => {
    console.error(`${fault}\noptions: ${names.map((name) => `--${name} ${defaults[name]}`).join(" ")}`);
    process.exit(2);
  };
  const given = read(argv, names, usage);
  const numbers = names.map((name) => {
    const text = given[name];
    if (text === undefined) return [name, defaults[name]];
    return /^[1-9]\d{0,8}$/.test(text)
      ? [name, Number(text)]
      : usage(`--${name} takes a whole number from 1`);
  });
  return Object.fromEntries(numbers);
}

function read(
  argv: string[],
  names: string[],
  usage: (fault: string) => never,
): Record<string, string | undefined> {
  try {
    return parseArgs({
      args: argv,
      options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
    }).values as Record<string, string | undefined>;
  } catch (error) {
    return usage((error as Error).message);
  }
}
