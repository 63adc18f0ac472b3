import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Database, Open } from "./contract.ts";
import { newText, T0 } from "./samples.ts";

export function usersContract(open: Open): void {
  let db: Database;
  beforeAll(async () => {
    db = await open();
  });
  afterAll(() => db.dispose());

  test("setting a role makes a user known, and a second time keeps since when", async () => {
    const { users } = db.storage;
    const id = newText();
    expect(await users.find(id)).toBeNull();
    expect(await users.setAdmin(id, true, T0)).toEqual({ id, isAdmin: true, createdAt: T0 });
    expect(await users.find(id)).toEqual({ id, isAdmin: true, createdAt: T0 });
    expect(await users.setAdmin(id, false, T0 + 5)).toEqual({ id, isAdmin: false, createdAt: T0 });
    expect(await users.find(id)).toEqual({ id, isAdmin: false, createdAt: T0 });
  });

  test("a role changes for that user only", async () => {
    const { users } = db.storage;
    const [a, b] = [newText(), newText()];
    await users.setAdmin(a, true, T0);
    await users.setAdmin(b, false, T0);
    await users.setAdmin(b, true, T0);
    await users.setAdmin(a, false, T0);
    expect([(await users.find(a))?.isAdmin, (await users.find(b))?.isAdmin]).toEqual([false, true]);
    expect(await users.find(a.toUpperCase())).toBeNull();
  });

  test.each(["auth0|5f7c", "a b", "o'hara@example.org", "日本 🦊", "%", "x".repeat(255)])(
    "an id like %j is kept as it is",
    async (id) => {
      await db.storage.users.setAdmin(id, true, T0);
      expect((await db.storage.users.find(id))?.id).toBe(id);
    },
  );

  test("list gives all users by id, the same after the database is opened again", async () => {
    const base = newText();
    for (const letter of ["c", "a", "d", "b"]) {
      await db.storage.users.setAdmin(base + letter, letter === "a", T0);
    }
    const mine = async () => (await db.storage.users.list()).filter(({ id }) => id.startsWith(base));
    const expected = ["a", "b", "c", "d"].map((letter) => ({
      id: base + letter,
      isAdmin: letter === "a",
      createdAt: T0,
    }));
    expect(await mine()).toEqual(expected);
    await db.reopen();
    expect(await mine()).toEqual(expected);
  });
}
