import { join } from "node:path";
import type { Peer } from "./bare.ts";
import { onServerCores } from "./cores.ts";
import { childrenOf } from "./processes.ts";

/**
 * nginx with one worker, which serves `/template` through server-side includes and `/text` as it is; both
 * under a folder of its own. Resolves to null where nginx is not installed.
 *
 * `{{name}}` in the template becomes the argument `name` of the query.
 */
export async function startNginx(
  folder: string,
  { template, text }: { template: string; text: string },
): Promise<Peer | null> {
  const program = Bun.which("nginx") ?? Bun.which("nginx", { PATH: "/usr/sbin:/usr/local/sbin" });
  if (!program) return null;
  const port = freePort();
  const includes = template.replace(/\{\{(\w+)\}\}/g, '<!--# echo var="arg_$1" encoding="none" -->');
  await Bun.write(join(folder, "files/template"), includes);
  await Bun.write(join(folder, "files/text"), text);
  await Bun.write(join(folder, "nginx.conf"), configuration(folder, port));

  const child = Bun.spawn(
    onServerCores([program, "-p", folder, "-e", join(folder, "error.log"), "-c", join(folder, "nginx.conf")]),
    { stdin: "ignore", stdout: "inherit", stderr: "inherit" },
  );
  const origin = `http://127.0.0.1:${port}`;
  await answers(origin, child);
  return {
    origin,
    processes: () => childrenOf(child.pid),
    async stop() {
      child.kill();
      await child.exited;
    },
  };
}

function configuration(folder: string, port: number): string {
  const temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
  return `
daemon off;
pid ${folder}/nginx.pid;
worker_processes 1;
${process.getuid?.() === 0 ? "user root;" : ""}
events { worker_connections 1024; }
http {
  access_log off;
  sendfile on;
  keepalive_requests 1000000000;
  open_file_cache max=100;
  open_file_cache_valid 1h;
  default_type "text/plain; charset=utf-8";
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  server {
    listen 127.0.0.1:${port};
    root ${folder}/files;
    location /template { ssi on; ssi_types *; }
  }
}
`;
}

/** nginx cannot choose a port by itself. */
function freePort(): number {
  const server = Bun.listen({ hostname: "127.0.0.1", port: 0, socket: { data() {} } });
  const { port } = server;
  server.stop(true);
  return port;
}

async function answers(origin: string, child: Bun.Subprocess): Promise<void> {
  while (child.exitCode === null) {
    const response = await fetch(origin).catch(() => null);
    if (response) return;
    await Bun.sleep(10);
  }
  throw new Error(`nginx ended with ${child.exitCode}`);
}
