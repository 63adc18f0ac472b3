import { describe, expect, test } from "bun:test";
import { invalid, unavailable } from "../../src/error.ts";
import { deliveryUnderTest, withSnippet } from "./delivery-under-test.ts";

describe("loads of a delivery", () => {
  test("those who ask for one id wait for one load, with whatever filename and query", async () => {
    const { text, loads, id } = withSnippet("Hello {{a}}");
    const answers = Promise.all([text(id), text(`${id}?a=1`), text(`${id}/x.css?a=2`), text(id)]);
    expect(loads.length).toBe(1);
    loads[0]!.finish();
    expect(await answers).toEqual(["Hello {{a}}", "Hello 1", "Hello 2", "Hello {{a}}"]);
    expect(await text(`${id}?a=3`)).toBe("Hello 3");
    expect(loads.length).toBe(1);
  });

  test("different ids load at the same time, and end in any order", async () => {
    const { text, loads, newId, publish } = deliveryUnderTest();
    const all = [0, 1, 2].map((i) => {
      const id = newId();
      publish(id, `text ${i}`);
      return id;
    });
    const answers = all.map(text);
    expect(loads.map(({ id }) => id)).toEqual(all);
    for (const at of [2, 0, 1]) {
      loads[at]!.finish();
      expect(await answers[at]!).toBe(`text ${at}`);
    }
  });

  test("a load that began before a change is not joined after it, and does not fill the cache", async () => {
    for (const order of [
      [0, 1],
      [1, 0],
    ]) {
      const { text, delivery, loads, publish, id } = withSnippet("old {{a}}");
      const answers = [text(`${id}?a=1`)];
      publish(id, "new {{a}}");
      answers.push(text(`${id}?a=1`), text(`${id}?a=2`));
      expect(loads.length).toBe(2);
      for (const at of order) {
        loads[at]!.finish();
        await answers[at];
        expect(delivery.stats().entries).toBe(at === 0 && order[0] === 0 ? 0 : 1);
      }
      expect((await Promise.all(answers)).slice(1)).toEqual(["new 1", "new 2"]);
      expect(await text(`${id}?a=1`)).toBe("new 1");
      expect(loads.length).toBe(2);
    }
  });

  test("a change of one id leaves what is known of others, and their loads", async () => {
    const { text, loads, publish, newId, id } = withSnippet("one");
    const other = newId();
    const answers = [text(id), text(other)];
    publish(other, "other");
    for (const load of loads) load.finish();
    await Promise.all(answers);
    publish(other, "other again");
    expect(await text(id)).toBe("one");
    expect(loads.length).toBe(2);
  });

  test("a load that fails is told to all who wait, is not kept, and the next one tries again", async () => {
    const { text, delivery, loads, id } = withSnippet("Hello");
    const waiting = [text(id), text(`${id}?a=1`)];
    loads[0]!.fail(unavailable("the database is busy"));
    for (const outcome of await Promise.allSettled(waiting)) {
      expect(outcome).toMatchObject({ status: "rejected", reason: { code: "unavailable" } });
    }
    expect(delivery.stats()).toEqual({ entries: 0, bytes: 0 });
    const again = text(id);
    expect(loads.length).toBe(2);
    loads[1]!.finish();
    expect(await again).toBe("Hello");
  });

  test("a load that fails after a change takes nothing from the load that began after it", async () => {
    const { text, loads, publish, id } = withSnippet("old");
    const first = text(id);
    publish(id, "new");
    const second = text(id);
    loads[0]!.fail(new Error("gone"));
    expect(first).rejects.toThrow("gone");
    await first.catch(() => {});
    const third = text(id);
    expect(loads.length).toBe(2);
    loads[1]!.finish();
    expect(await Promise.all([second, third])).toEqual(["new", "new"]);
  });

  test("what is not there is asked for each time, and is never kept", async () => {
    const { text, delivery, loads, newId, publish } = deliveryUnderTest({ atOnce: true });
    const id = newId();
    expect([await text(id), await text(id), await text(`${id}?a=1`)]).toEqual([null, null, null]);
    expect(loads.length).toBe(3);
    expect(delivery.stats()).toEqual({ entries: 0, bytes: 0 });
    // Even when nobody tells of it.
    publish(id, "here", false);
    expect(await text(id)).toBe("here");
  });

  test("ids that this server did not issue never reach the store", async () => {
    const { delivery, loads, id } = withSnippet("Hello", { atOnce: true });
    await delivery.find(id);
    const alter = (at: number) => `${id.slice(0, at)}${id[at] === "A" ? "B" : "A"}${id.slice(at + 1)}`;
    const malformed = [
      "",
      "?",
      "/",
      id.slice(1),
      id.slice(0, 63),
      `${id.slice(0, 63)}=`,
      `${id.slice(0, 63)}\u0100`,
    ];
    const forged = Array.from(id, (_, at) => alter(at));
    for (const target of [...malformed, ...forged, ...forged.map((each) => `${each}?a=1`)]) {
      expect(delivery.cached(target)).toBeUndefined();
      expect(await delivery.find(target)).toBeNull();
    }
    expect(loads.length).toBe(1);
    expect(delivery.stats().entries).toBe(1);
  });

  test("after it was closed it listens to no change", () => {
    const { delivery, listeners } = deliveryUnderTest();
    expect(listeners.size).toBe(1);
    delivery.close();
    expect(listeners.size).toBe(0);
  });

  test("a text that renders too large is refused, and the next query is served", async () => {
    const { text, loads, id } = withSnippet("{{a}}{{a}}", { maxRenderedBytes: 10, atOnce: true });
    const refusal = invalid("the rendered text is larger than the 10 bytes allowed");
    for (const value of ["123456", "ääääää", "🐈🐈"]) {
      expect(await text(`${id}?a=${value}`).catch((error) => error)).toEqual(refusal);
    }
    expect(await text(`${id}?a=12345`)).toBe("1234512345");
    expect(loads.length).toBe(1);
  });
});
