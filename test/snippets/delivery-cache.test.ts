import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { deliveryUnderTest, withSnippet } from "./delivery-under-test.ts";

describe("the cache of a delivery", () => {
  /** Bytes of the texts that it can give at once for any of these targets, each text counted once. */
  const bytesAtHand = (
    delivery: ReturnType<typeof deliveryUnderTest>["delivery"],
    targets: Iterable<string>,
  ): number => {
    const bodies = new Map<unknown, number>();
    for (const target of targets) {
      const body = delivery.cached(target)?.body;
      // What renders to text is held once for each target, what is constant once for all.
      if (typeof body === "string") bodies.set(target, body.length);
      else if (body) bodies.set(body, body.size);
    }
    return [...bodies.values()].reduce((sum, size) => sum + size, 0);
  };

  test("holds no more than its budget, and counts all that it holds", async () => {
    const query = fc.oneof(
      fc.constant(""),
      fc.nat({ max: 100 }).map((n) => `?q=${n}${"v".repeat(10 * n)}`),
    );
    const change = fc.record({
      constant: fc.boolean(),
      /** Characters of the text that is published; null removes. */
      length: fc.constantFrom(null, 0, 100, 3_000, 40_000),
    });
    const act = fc.record({
      at: fc.nat({ max: 3 }),
      query,
      /** Undefined asks. */
      change: fc.oneof({ weight: 19, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: change }),
    });
    const acts = fc.array(act, { maxLength: 250, size: "max" });
    const budgets = fc.constantFrom(0, 1, 1_500, 20_000, 100_000, 300_000, 10_000_000);
    await fc.assert(
      fc.asyncProperty(budgets, acts, async (budget, acts) => {
        const { delivery, newId, publish, changed, text } = deliveryUnderTest({ budget, atOnce: true });
        const ids = Array.from({ length: 4 }, newId);
        const texts = new Map<string, string | null>();
        const store = (id: string, text: string | null) => {
          texts.set(id, text);
          publish(id, text);
        };
        for (const id of ids) store(id, "first {{q}}");
        const asked = new Set<string>();
        for (const [time, { at, query, change }] of acts.entries()) {
          const id = ids[at]!;
          if (change) {
            const { constant, length } = change;
            store(id, length === null ? null : `${time} ${constant ? "" : "{{q}}"}${"x".repeat(length)}`);
          } else {
            const stored = texts.get(id)!;
            expect(await text(id + query)).toBe(
              query === "" ? stored : (stored?.replace("{{q}}", query.slice(3)) ?? null),
            );
            asked.add(id + query);
          }
          const { bytes, entries } = delivery.stats();
          expect(bytes).toBeLessThanOrEqual(budget);
          expect(entries > 0).toBe(bytes > 0);
        }
        expect(bytesAtHand(delivery, asked)).toBeLessThanOrEqual(delivery.stats().bytes);
        ids.forEach(changed);
        expect(delivery.stats()).toEqual({ entries: 0, bytes: 0 });
        for (const target of asked) expect(delivery.cached(target)).toBeUndefined();
      }),
      { numRuns: 200 },
    );
  });

  test("answers of one snippet are counted as they are made", async () => {
    const { delivery, text, id } = withSnippet("{{q}}", { budget: 10_000_000, atOnce: true });
    await text(id);
    const before = delivery.stats().bytes;
    const targets = Array.from({ length: 40 }, (_, i) => `${id}?q=${i}${"v".repeat(10_000)}`);
    // What is asked for once is not kept.
    for (const target of targets) await text(target);
    expect(bytesAtHand(delivery, targets)).toBe(0);
    for (const target of targets) for (const _ of [1, 2]) await text(target);
    expect(bytesAtHand(delivery, targets)).toBeGreaterThan(400_000);
    expect(delivery.stats().bytes - before).toBeGreaterThan(bytesAtHand(delivery, targets));
  });

  test("ever new queries of a few snippets do not make it grow beyond its budget", async () => {
    const budget = 1_000_000;
    const { delivery, newId, publish, text } = deliveryUnderTest({ budget, atOnce: true });
    const ids = Array.from({ length: 20 }, newId);
    for (const id of ids) publish(id, "{{q}}");
    const targets = ids.flatMap((id) =>
      Array.from({ length: 60 }, (_, i) => `${id}?q=${i}${"v".repeat(2_500)}`),
    );
    for (const target of targets) for (const _ of [1, 2]) await text(target);
    expect(bytesAtHand(delivery, targets)).toBeGreaterThan(budget / 10);
    expect(delivery.stats().bytes).toBeLessThanOrEqual(budget);
    expect(bytesAtHand(delivery, targets)).toBeLessThanOrEqual(budget);
  });

  test("hundreds of queries of one snippet are answered rightly, again and again", async () => {
    const { delivery, text, loads, id } = withSnippet("[{{q}}]", { atOnce: true });
    for (let round = 0; round < 3; round++) {
      for (let i = 0; i < 300; i++) {
        const target = `${id}${["", "/a.css", "/b.html"][i % 3]}?q=${i}`;
        expect(await text(target)).toBe(`[${i}]`);
        const type = ["text/x", "text/css; charset=utf-8", "text/html; charset=utf-8"][i % 3]!;
        expect((await delivery.find(target))!.contentType).toBe(type);
      }
    }
    expect(loads.length).toBe(1);
    expect(delivery.stats().entries).toBe(1);
  });

  test("what is asked for a second time is kept as it was answered, until its snippet changes", async () => {
    const { delivery, publish, id } = withSnippet("[{{q}}]", { atOnce: true });
    await delivery.find(`${id}?q=1`);
    expect(delivery.cached(`${id}?q=1`)).toBeUndefined();
    const made = await delivery.find(`${id}?q=1`);
    expect(delivery.cached(`${id}?q=1`)).toBe(made!);
    expect(delivery.cached(`${id}?q=2`)).toBeUndefined();
    expect(delivery.cached(id)).toBeUndefined();
    publish(id, "<{{q}}>");
    expect(delivery.cached(`${id}?q=1`)).toBeUndefined();
  });

  test("lets go of the least recently used first", async () => {
    const size = await (async () => {
      const { delivery, text, id } = withSnippet("x".repeat(50_000), { atOnce: true });
      await text(id);
      return delivery.stats().bytes;
    })();
    const { newId, publish, text, loads } = deliveryUnderTest({ budget: 3.5 * size, atOnce: true });
    const [a, b, c, d] = Array.from({ length: 4 }, (_, i) => {
      const id = newId();
      publish(id, `${i}`.repeat(50_000));
      return id;
    }) as [string, string, string, string];
    for (const id of [a, b, c, a, d]) await text(id);
    const before = loads.length;
    for (const id of [a, c, d]) await text(id);
    expect(loads.length).toBe(before);
    await text(b);
    expect(loads.slice(before).map(({ id }) => id)).toEqual([b]);
  });

  test("serves what is larger than all of it, and lets go of nothing for it", async () => {
    const { delivery, newId, publish, text, loads } = deliveryUnderTest({ budget: 20_000, atOnce: true });
    const [small, large] = [newId(), newId()];
    publish(small, "small");
    publish(large, "x".repeat(100_000));
    await text(small);
    for (let i = 0; i < 2; i++) expect(await text(large)).toBe("x".repeat(100_000));
    expect(loads.map(({ id }) => id)).toEqual([small, large, large]);
    await text(small);
    expect(loads.length).toBe(3);
    expect(delivery.stats().entries).toBe(1);
  });

  test.each([0, 1])("with a budget of %p it holds nothing, and all is served", async (budget) => {
    const { delivery, text, publish, loads, id } = withSnippet("[{{q}}]", { budget, atOnce: true });
    expect([await text(`${id}?q=1`), await text(`${id}?q=1`)]).toEqual(["[1]", "[1]"]);
    publish(id, "<{{q}}>");
    expect(await text(`${id}?q=1`)).toBe("<1>");
    expect(loads.length).toBe(3);
    expect(delivery.stats()).toEqual({ entries: 0, bytes: 0 });
  });
});
