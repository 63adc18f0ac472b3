/** What a load asks for: GET of these paths in turn, over and over. */
export interface Requests {
  /** `{n}` in a path becomes a number of ten digits that no other request of the same run has. */
  paths: string[];
  headers?: Record<string, string>;
}

/** The request before and after its path, the same bytes from every load generator. */
export function requestParts(origin: string, { headers = {} }: Requests): { before: string; after: string } {
  const lines = Object.entries({ Host: new URL(origin).host, ...headers }).map(
    ([name, value]) => `${name}: ${value}\r\n`,
  );
  return { before: "GET ", after: ` HTTP/1.1\r\n${lines.join("")}\r\n` };
}

export const numbered = (path: string, n: number): string =>
  path.replace("{n}", () => String(n).padStart(10, "0"));
