import { api, type RunningServer } from "../../server.ts";

/** Writes that have come back, and the time they were made in. */
export interface WriteCount {
  writes: number;
  seconds: number;
}

const TICK = 5;

/**
 * Publishes new versions of these snippets in turn, so many a second; a late one does not delay the next.
 * What is returned ends it, and rejects if any write was refused.
 */
export function startWrites(
  server: RunningServer,
  ids: string[],
  perSecond: number,
  count: WriteCount,
): () => Promise<void> {
  const started = performance.now();
  const underWay = new Set<Promise<void>>();
  let fault: Error | null = null;
  let sent = 0;

  const write = async (n: number) => {
    const path = `/api/snippets/${ids[n % ids.length]}`;
    const { status } = await api(server, "PATCH", path, { content: `version ${n} of ${started}` });
    if (status === 200) count.writes++;
    else fault = new Error(`PATCH answered ${status} during the load`);
  };
  const timer = setInterval(() => {
    const due = ((performance.now() - started) / 1_000) * perSecond;
    for (; sent < due; sent++) {
      const writing: Promise<void> = write(sent)
        .catch((error) => {
          fault = error;
        })
        .finally(() => underWay.delete(writing));
      underWay.add(writing);
    }
  }, TICK);

  return async () => {
    clearInterval(timer);
    await Promise.all(underWay);
    count.seconds += (performance.now() - started) / 1_000;
    if (fault) throw fault;
  };
}
