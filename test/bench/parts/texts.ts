/** ASCII text of so many bytes, different for each `n`. */
export function makeText(bytes: number, n = 0): string {
  const words = `${n} Delivered as it was stored, byte for byte; only what stands in two braces is filled in. `;
  return words.repeat(Math.ceil(bytes / words.length)).slice(0, bytes);
}

/** A text of 1 KB around two placeholders. */
export function makeTemplate(n = 0): string {
  return `Dear {{name}},\n${makeText(480, n)}\nYour port is {{port}}.\n${makeText(480, n)}\n`;
}

export const TEMPLATE = makeTemplate();
export const QUERY = "name=margay&port=3000";
/** Like `QUERY`, and new in every request. */
export const CHANGING_QUERY = "name=margay-{n}&port=3000";
