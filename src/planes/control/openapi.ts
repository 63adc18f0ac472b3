import styles from "swagger-ui-dist/swagger-ui.css" with { type: "file" };
import bundle from "swagger-ui-dist/swagger-ui-bundle.js" with { type: "file" };
import type { OpenPlane } from "./base.ts";

const START = `
const dark = matchMedia("(prefers-color-scheme: dark)");
const setTheme = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", setTheme);
setTheme();
window.onload = () => SwaggerUIBundle({ url: "/openapi/json", dom_id: "#api", deepLinking: true });
`;

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>Margay management API</title>
<link rel="stylesheet" href="/openapi/swagger-ui.css">
<script src="/openapi/swagger-ui.js" defer></script>
<script src="/openapi/start.js" defer></script>
</head>
<body><main id="api"></main></body>
</html>
`;

/** No script but our own; Swagger UI sets styles on its elements and draws with data: images. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** The page that shows the API's description, with everything that it loads: it works without the internet. */
export function bindApiPage(plane: OpenPlane) {
  const hidden = { detail: { hide: true } };
  const file = (path: string, type: string) => () =>
    new Response(Bun.file(path), { headers: { "content-type": type, "cache-control": "no-cache" } });
  return plane
    .get(
      "/openapi",
      () =>
        new Response(PAGE, {
          headers: { "content-type": "text/html; charset=utf-8", "content-security-policy": POLICY },
        }),
      hidden,
    )
    .get("/openapi/swagger-ui.js", file(bundle, "text/javascript; charset=utf-8"), hidden)
    .get("/openapi/swagger-ui.css", file(styles, "text/css; charset=utf-8"), hidden)
    .get(
      "/openapi/start.js",
      () => new Response(START, { headers: { "content-type": "text/javascript" } }),
      hidden,
    );
}
