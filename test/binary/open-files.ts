import { readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";

/** Regular files that a process has open for writing; none where the system does not tell. */
export function filesOpenForWriting(pid: number): string[] {
  if (process.platform !== "linux") return [];
  return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
    try {
      const [, flags] = /^flags:\s*(\d+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${fd}`, "utf8")) ?? [];
      const writable = (Number.parseInt(flags!, 8) & 3) !== 0;
      return writable && statSync(`/proc/${pid}/fd/${fd}`).isFile()
        ? [readlinkSync(`/proc/${pid}/fd/${fd}`)]
        : [];
    } catch {
      // Closed meanwhile.
      return [];
    }
  });
}
