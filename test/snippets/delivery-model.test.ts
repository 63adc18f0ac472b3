import { expect, test } from "bun:test";
import fc from "fast-check";
import { type DeliveryUnderTest, deliveryUnderTest } from "./delivery-under-test.ts";

/** What is known from outside of a delivery over a few snippets, each with texts that count its changes. */
interface Model {
  ids: string[];
  /** Every state that a snippet had: its text, or null where it was not there. */
  states: Map<string, (string | null)[]>;
  /** What has been asked, at which state of its snippet, and the answer to come. */
  asked: { id: string; query: string; since: number; answer: Promise<string | null> }[];
  /** Snippets of which a load failed. */
  failed: Set<string>;
}
type Step = fc.AsyncCommand<Model, DeliveryUnderTest>;

const BUDGET = 200_000;
const QUERIES = ["", "?q=1", "?q=2"];
const fill = (text: string | null, query: string) =>
  text?.replaceAll("{{q}}", (placeholder) => query.split("=")[1] ?? placeholder) ?? null;

const step = (name: string, act: (model: Model, subject: DeliveryUnderTest) => void): Step => ({
  check: () => true,
  toString: () => name,
  async run(model, subject) {
    act(model, subject);
    // Whatever waits for what has been settled goes on first.
    await new Promise(setImmediate);
    for (const id of model.ids) {
      for (const query of QUERIES) {
        const cached = await subject.cachedText(id + query);
        const newest = fill(model.states.get(id)!.at(-1)!, query);
        if (cached !== undefined) expect<string | null>(cached).toBe(newest);
      }
    }
    const underWay = subject.loads.filter(({ settled }) => !settled).map(({ id, after }) => `${id} ${after}`);
    expect(new Set(underWay).size).toBe(underWay.length);
    expect(subject.delivery.stats().bytes).toBeLessThanOrEqual(BUDGET);
  },
});

const which = fc.nat({ max: 2 });
const change = fc.tuple(which, fc.constantFrom("short", "long", "absent")).map(([at, kind]) =>
  step(`make ${at} ${kind}`, ({ ids, states }, subject) => {
    const past = states.get(ids[at]!)!;
    const filling = kind === "long" ? "x".repeat(60_000) : "";
    past.push(kind === "absent" ? null : `state ${past.length} {{q}} ${filling}`);
    subject.publish(ids[at]!, past.at(-1)!);
  }),
);
const find = fc.tuple(which, fc.constantFrom(...QUERIES)).map(([at, query]) =>
  step(`find ${at}${query}`, ({ ids, states, asked }, subject) => {
    const id = ids[at]!;
    const answer = subject.text(id + query);
    // It is looked at when all is over.
    answer.catch(() => {});
    asked.push({ id, query, since: states.get(id)!.length - 1, answer });
  }),
);
const settle = fc.tuple(fc.nat(), fc.boolean()).map(([nth, fails]) =>
  step(`${fails ? "fail" : "finish"} load ${nth}`, ({ failed }, { loads }) => {
    const underWay = loads.filter(({ settled }) => !settled);
    const load = underWay[nth % underWay.length];
    if (!load) return;
    if (!fails) return load.finish();
    failed.add(load.id);
    load.fail(new Error("load failed"));
  }),
);

test("whatever happens meanwhile, an answer is what was stored when it was asked for, or later", async () => {
  const commands = fc.commands([change, find, find, settle, settle], { maxCommands: 80, size: "max" });
  await fc.assert(
    fc.asyncProperty(commands, async (steps) => {
      const subject = deliveryUnderTest({ budget: BUDGET });
      const ids = [subject.newId(), subject.newId(), subject.newId()];
      const model: Model = {
        ids,
        states: new Map(ids.map((id) => [id, [null]])),
        asked: [],
        failed: new Set(),
      };
      await fc.asyncModelRun(() => ({ model, real: subject }), steps);

      for (const load of subject.loads) if (!load.settled) load.finish();
      for (const { id, query, since, answer } of model.asked) {
        const outcome = await answer.catch((error: Error) => error);
        if (outcome instanceof Error) {
          expect([outcome.message, model.failed.has(id)]).toEqual(["load failed", true]);
        } else {
          const allowed = model.states.get(id)!.slice(since);
          expect(allowed.map((text) => fill(text, query))).toContain(outcome);
        }
      }
      ids.forEach(subject.changed);
      expect(subject.delivery.stats()).toEqual({ entries: 0, bytes: 0 });
    }),
    { numRuns: 300 },
  );
});
