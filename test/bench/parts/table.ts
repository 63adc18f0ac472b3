/** A Markdown table, aligned so that it can be read as it is. The first column is text, the others numbers. */
export function markdownTable(head: string[], rows: string[][]): string {
  const widths = head.map((title, i) => Math.max(3, ...[title, ...rows.map((row) => row[i]!)].map(width)));
  const line = (cells: string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? padEnd(cell, widths[i]!) : padStart(cell, widths[i]!))).join(" | ")} |`;
  const rule = widths.map((n, i) => (i === 0 ? "-".repeat(n) : `${"-".repeat(n - 1)}:`));
  return [line(head), line(rule), ...rows.map(line)].join("\n");
}

const width = (text: string) => Bun.stringWidth(text);
const padEnd = (text: string, to: number) => text + " ".repeat(to - width(text));
const padStart = (text: string, to: number) => " ".repeat(to - width(text)) + text;
