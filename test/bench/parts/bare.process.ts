import type { BareAnswer } from "./bare.ts";

/* The peer that delivery is measured against: nothing but an answer. Prints its port. */

const { status, body, headers }: BareAnswer = JSON.parse(process.argv[2]!);

// Each handler is the shortest that gives its answer: what is not needed is not there.
function handler(): () => Response {
  if (headers) {
    const init = { status, headers: new Headers(headers) };
    return () => new Response(body, init);
  }
  if (status === 200) return () => new Response(body);
  const init = { status };
  return () => new Response(body, init);
}

const server = Bun.serve({
  hostname: "127.0.0.1",
  port: 0,
  reusePort: false,
  development: false,
  fetch: handler(),
});
console.log(server.port);
