/** An operator, as far as this server knows: who someone is comes from sign-in, the admin role from here. */
export interface User {
  id: string;
  isAdmin: boolean;
  createdAt: number;
}

/** The users table. Every method rejects with `unavailable` where the database cannot be read or written. */
export interface UserStore {
  /** Sets the role, and makes the user known if it was not. */
  setAdmin(id: string, isAdmin: boolean, at: number): Promise<User>;
  find(id: string): Promise<User | null>;
  /** All users, by id. */
  list(): Promise<User[]>;
}
