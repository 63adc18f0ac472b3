import { arch, availableParallelism, cpus, platform, release, totalmem } from "node:os";

/** What a reader needs to compare a table with one of another machine. */
export function machineFacts(more: Record<string, string> = {}): string {
  const facts = {
    CPU: cpus()[0]?.model.trim() || "unknown",
    cores: String(availableParallelism()),
    memory: `${Math.round(totalmem() / 2 ** 30)} GiB`,
    system: `${platform()} ${release()} ${arch()}`,
    Bun: Bun.version,
    ...more,
  };
  return Object.entries(facts)
    .map(([name, value]) => `- ${name}: ${value}`)
    .join("\n");
}
