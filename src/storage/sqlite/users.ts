import { asc, eq } from "drizzle-orm";
import type { User, UserStore } from "../../auth/users.ts";
import type { Sqlite } from "./database.ts";
import { users } from "./schema.ts";
import type { Writer } from "./writer.ts";
import type { Written } from "./writes.ts";

export function createUserStore(db: Sqlite, writer: Writer): UserStore {
  return {
    setAdmin: (id, isAdmin, at) => writer.write("setAdmin", id, isAdmin, at),
    async find(id) {
      return db.select().from(users).where(eq(users.id, id)).limit(1).get() ?? null;
    },
    async list() {
      return db.select().from(users).orderBy(asc(users.id)).all();
    },
  };
}

/** The writes of `UserStore`, to be run inside the writer's transaction. */
export function userWrites(db: Sqlite) {
  return {
    setAdmin(id: string, isAdmin: boolean, at: number): Written<User> {
      const value = db
        .insert(users)
        .values({ id, isAdmin, createdAt: at })
        .onConflictDoUpdate({ target: users.id, set: { isAdmin } })
        .returning()
        .get();
      return { value };
    },
  };
}
