import { startApp } from "../app.ts";
import { type Command, parse } from "./command.ts";

/** Runs both planes until the process is asked to stop. */
export const serve: Command = async ({ args, config: loadConfig, log, stop, print }) => {
  parse(args, [], 0);
  const config = loadConfig();
  const app = await startApp(config, log);
  const publicUrl = config.dataPlanePublicUrl;
  await print(
    [
      `control plane  ${app.controlPlaneUrl}  (private: management API, described at /openapi)`,
      `data plane     ${app.dataPlaneUrl}  (public: delivery${publicUrl ? `, known as ${publicUrl}` : ""})`,
      `data           ${config.dataDir}`,
      "",
      "Try it: store a text, then fetch the id that comes back",
      `  curl -s ${app.controlPlaneUrl}/api/snippets -H 'content-type: application/json' \\`,
      `       -d '{"content":"Hello {{name}}\\n"}'`,
      `  curl '${publicUrl ?? app.dataPlaneUrl}/ID?name=world'`,
      "",
    ].join("\n"),
  );
  if (!stop.aborted) await new Promise((resolve) => stop.addEventListener("abort", resolve));
  log.info("stopping: requests under way are finished first");
  await app.stop();
};
