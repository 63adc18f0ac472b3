import { join } from "node:path";
import { onLoadCore } from "./cores.ts";
import type { Load, LoadResult } from "./load.ts";
import { requestParts } from "./requests.ts";

/** Each request is a string that is put together from ready parts: the generator has to be faster than the server. */
const SCRIPT = `
local paths = {}
for path in io.lines(PATHS) do
  local at = string.find(path, "{n}", 1, true)
  if at then
    paths[#paths + 1] = { BEFORE .. string.sub(path, 1, at - 1), string.sub(path, at + 3) .. AFTER }
  else
    paths[#paths + 1] = BEFORE .. path .. AFTER
  end
end
local count, n, i = #paths, FROM, 0
function request()
  i = i % count + 1
  local path = paths[i]
  if type(path) == "string" then return path end
  n = n + 1
  return path[1] .. string.format("%010d", n) .. path[2]
end
function done(summary, latency)
  local errors = summary.errors
  print(string.format("RESULT %d %d %d %d %d %d %d", summary.duration, summary.requests, summary.bytes,
    latency:percentile(50), latency:percentile(99), errors.status,
    errors.connect + errors.read + errors.write + errors.timeout))
end
`;

/** https://github.com/wg/wrk, with one thread. */
export function wrkLoad(folder: string): Load {
  return {
    name: "wrk",
    async run(origin, requests, { connections, seconds, from }): Promise<LoadResult> {
      const [pathsFile, scriptFile] = [join(folder, "paths"), join(folder, "load.lua")];
      const { before, after } = requestParts(origin, requests);
      const constants = { PATHS: pathsFile, BEFORE: before, AFTER: after, FROM: from };
      // What is ASCII looks the same in JSON and in Lua.
      const head = Object.entries(constants).map(
        ([name, value]) => `local ${name} = ${JSON.stringify(value)}\n`,
      );
      await Bun.write(pathsFile, `${requests.paths.join("\n")}\n`);
      await Bun.write(scriptFile, head.join("") + SCRIPT);

      const command = ["wrk", "-t1", `-c${connections}`, `-d${seconds}`, "-s", scriptFile, origin];
      const child = Bun.spawn(onLoadCore(command), { stdout: "pipe", stderr: "pipe" });
      const [said, complained] = await Promise.all([
        new Response(child.stdout).text(),
        new Response(child.stderr).text(),
      ]);
      await child.exited;
      const result = /^RESULT (.+)$/m.exec(said)?.[1]?.split(" ").map(Number);
      if (!result) throw new Error(`wrk failed: ${said}${complained}`);
      // wrk tells times in microseconds.
      const [duration, answered, bytes, p50, p99, refused, broken] = result as [
        number,
        number,
        number,
        number,
        number,
        number,
        number,
      ];
      return {
        requests: answered,
        cpu: Number(child.resourceUsage()?.cpuTime.total ?? 0) / 1e6,
        bytes,
        seconds: duration / 1e6,
        p50: p50 / 1e3,
        p99: p99 / 1e3,
        refused,
        broken,
      };
    },
  };
}
