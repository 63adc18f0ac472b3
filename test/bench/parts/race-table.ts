import type { Sample } from "./race.ts";
import { median, spread } from "./statistics.ts";
import { markdownTable } from "./table.ts";

/** What came of a race: medians over the rounds, and the ratio to the contender at `baseline`. */
export function raceTable(names: string[], samples: Sample[][], baseline: number): string {
  const base = samples[baseline]!;
  const head = [
    "server",
    "requests/s",
    "CPU µs",
    "p50 ms",
    "p99 ms",
    "cores busy",
    `CPU to ${names[baseline]}`,
  ];
  return markdownTable(
    head,
    samples.map((rounds, i) => [
      names[i]!,
      Math.round(median(rounds.map(({ perSecond }) => perSecond))).toLocaleString("en"),
      median(rounds.map(({ cpuMicros }) => cpuMicros)).toFixed(2),
      median(rounds.map(({ p50 }) => p50)).toFixed(2),
      median(rounds.map(({ p99 }) => p99)).toFixed(2),
      median(rounds.map(({ busy }) => busy)).toFixed(2),
      i === baseline ? "1" : spread(cpuRatios(rounds, base)),
    ]),
  );
}

/** CPU per request against another's, round by round. */
export function cpuRatios(own: Sample[], other: Sample[]): number[] {
  return own.map(({ cpuMicros }, round) => cpuMicros / other[round]!.cpuMicros);
}

/** How much the machine did meanwhile that had nothing to do with the race. */
export function disturbance(samples: Sample[][]): string {
  const others = samples.flat().map(({ others }) => others);
  return `Other programs kept ${median(others).toFixed(2)} cores busy (at most ${Math.max(...others).toFixed(2)}).`;
}
