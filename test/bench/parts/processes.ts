import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";

const hasProc = existsSync("/proc/self/stat");
const ticksPerSecond = hasProc ? Number(output(["getconf", "CLK_TCK"])) : 0;

/** Processor time, user and system, that processes with all their threads have used so far, in seconds. */
export function cpuSeconds(pids: number[]): number {
  return pids.reduce((sum, pid) => sum + (hasProc ? cpuOfProc(pid) : cpuOfPs(pid)), 0);
}

/** proc_pid_stat(5): fields 14 and 15; the second is a name that may hold anything, up to the last bracket. */
function cpuOfProc(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
}

/** `[[days-]hours:]minutes:seconds`, with hundredths on some systems. */
function cpuOfPs(pid: number): number {
  const [clock = "", days = "0"] = output(["ps", "-o", "cputime=", "-p", String(pid)])
    .split("-")
    .reverse();
  return Number(days) * 86_400 + clock.split(":").reduce((sum, part) => sum * 60 + Number(part), 0);
}

/** Processor time that the whole machine has spent on anything, in seconds. */
export function machineSeconds(): number {
  return cpus().reduce((sum, { times }) => sum + times.user + times.nice + times.sys + times.irq, 0) / 1_000;
}

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  return Number(output(["ps", "-o", "rss=", "-p", String(pid)])) * 1_024;
}

/**
 * Resident memory in bytes without what files are mapped to, where the system tells the two apart: the pages of
 * a mapped database belong to the system's cache and are given up when somebody needs the room.
 */
export function ownBytes(pid: number): number {
  if (!hasProc) return residentBytes(pid);
  const anonymous = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, "latin1"))?.[1];
  return anonymous === undefined ? residentBytes(pid) : Number(anonymous) * 1_024;
}

export function childrenOf(pid: number): number[] {
  return output(["pgrep", "-P", String(pid)])
    .split("\n")
    .filter(Boolean)
    .map(Number);
}

function output(command: string[]): string {
  return Bun.spawnSync(command).stdout.toString().trim();
}
