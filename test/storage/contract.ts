import { describe } from "bun:test";
import type { Storage } from "../../src/storage/storage.ts";
import { archiveContract } from "./contract-archive.ts";
import { changesContract } from "./contract-changes.ts";
import { concurrencyContract } from "./contract-concurrency.ts";
import { deliveryContract } from "./contract-delivery.ts";
import { editsContract } from "./contract-edits.ts";
import { listContract } from "./contract-list.ts";
import { modelContract } from "./contract-model.ts";
import { searchContract } from "./contract-search.ts";
import { snippetsContract } from "./contract-snippets.ts";
import { usersContract } from "./contract-users.ts";

/** A database of its own, empty at first. */
export interface Database {
  /** The storage that is open on it. */
  storage: Storage;
  /** Closes the storage and opens the same database again. */
  reopen(): Promise<void>;
  /** Closes the storage and removes the database. */
  dispose(): Promise<void>;
}

export type Open = () => Promise<Database>;

/** What every driver of the storage port must do: the sentences of the ports' comments, one by one. */
export function storageContract(name: string, open: Open): void {
  describe(`storage contract, ${name}`, () => {
    describe("snippets", () => snippetsContract(open));
    describe("edits", () => editsContract(open));
    describe("lists", () => listContract(open));
    describe("search", () => searchContract(open));
    describe("delivery", () => deliveryContract(open));
    describe("change feed", () => changesContract(open));
    describe("users", () => usersContract(open));
    describe("archive", () => archiveContract(open));
    describe("concurrency", () => concurrencyContract(open));
    describe("model", () => modelContract(open));
  });
}
