import { readFileSync } from "node:fs";

/*
 * A server and its load generator that share a core cost each other less than on two, as nothing has to pass
 * between cores; which of the two it is, the system's scheduler decides anew all the time. So they are kept
 * apart where that can be done: the load has the last core, the servers have the others.
 */

const allowed = Bun.which("taskset") ? allowedCores() : [];
const apart = allowed.length > 1;

export const coresFact = apart ? "servers and load on cores apart" : "servers and load not kept apart";

export function onServerCores(command: string[]): string[] {
  return apart ? ["taskset", "-c", allowed.slice(0, -1).join(","), ...command] : command;
}

export function onLoadCore(command: string[]): string[] {
  return apart ? ["taskset", "-c", String(allowed.at(-1)), ...command] : command;
}

/** The cores that this process may use: `0-3,6` is 0, 1, 2, 3 and 6. */
function allowedCores(): number[] {
  const status = readFileSync("/proc/self/status", "latin1");
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(status)?.[1] ?? "";
  return list.split(",").flatMap((range) => {
    const [first = 0, last = first] = range.split("-").map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
}
