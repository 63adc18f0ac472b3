import { Database } from "bun:sqlite";
import { expect } from "bun:test";
import { join } from "node:path";
import { createSnippet, type RunningServer } from "../server.ts";
import { openConnection, requestText } from "./connection.ts";

/** Requests that are under way when the server is asked to stop. */
export interface UnderWay {
  /** Lets them come to their end, and checks that each was answered in whole. */
  finish(): Promise<void>;
  /** Checks that what was acknowledged is there after a restart. */
  verify?(server: RunningServer): Promise<void>;
}

export const MIB = 2 ** 20;

export const SCENARIOS: Record<string, (server: RunningServer) => Promise<UnderWay>> = {
  async "an upload that arrives in pieces"(server) {
    const content = "piece ".repeat(50_000);
    const request = requestText("POST", "/api/snippets", { content });
    const connection = await openConnection(server.control);
    connection.send(request.slice(0, 1_000));
    let id = "";
    return {
      async finish() {
        for (let at = 1_000; at < request.length; at += 50_000) {
          connection.send(request.slice(at, at + 50_000));
          // A pause lets the pieces arrive one by one.
          await Bun.sleep(1);
        }
        const { status, body } = await connection.answer();
        expect(status).toBe(201);
        id = JSON.parse(body).id;
        await connection.ended;
      },
      async verify(restarted) {
        expect(await (await fetch(`${restarted.data}/${id}`)).text()).toBe(content);
      },
    };
  },

  async "many edits that wait for the disk"(server) {
    const ids = await Promise.all(Array.from({ length: 100 }, () => createSnippet(server, "before")));
    // Who holds the database's write lock decides when an edit can be stored.
    const other = new Database(join(server.folder, "data/margay.db"));
    other.run("BEGIN IMMEDIATE");
    const connections = await Promise.all(
      ids.map(async (id, i) => {
        const connection = await openConnection(server.control);
        connection.send(requestText("PATCH", `/api/snippets/${id}`, { content: `edit ${i}` }));
        return connection;
      }),
    );
    return {
      async finish() {
        other.run("ROLLBACK");
        other.close();
        const answers = await Promise.all(connections.map((connection) => connection.answer()));
        expect(answers.map(({ status }) => status)).toEqual(ids.map(() => 200));
      },
      async verify(restarted) {
        const texts = ids.map(async (id) => (await fetch(`${restarted.data}/${id}`)).text());
        expect(await Promise.all(texts)).toEqual(ids.map((_, i) => `edit ${i}`));
      },
    };
  },

  async "deliveries to readers that are slow"(server) {
    // The larger one fits into no buffer of the system, so the server itself has to wait for its reader.
    const contents = ["a", "b", "c", "d"].map((letter) => letter.repeat(MIB)).concat("e".repeat(15 * MIB));
    const readers = await Promise.all(
      contents.map(async (content) => {
        const connection = await openConnection(server.data);
        connection.pause();
        connection.send(requestText("GET", `/${await createSnippet(server, content)}`));
        return connection;
      }),
    );
    return {
      async finish() {
        for (const reader of readers) reader.resume();
        const answers = await Promise.all(readers.map((reader) => reader.answer()));
        expect(answers.map(({ status }) => status)).toEqual(contents.map(() => 200));
        expect(answers.every(({ body }, i) => body === contents[i])).toBe(true);
      },
    };
  },

  async "connections that are kept alive and idle"(server) {
    const connections = await Promise.all([server.control, server.data].map(openConnection));
    for (const connection of connections) {
      connection.send(requestText("GET", "/healthz"));
      expect((await connection.answer()).status).toBe(200);
    }
    // The system shows the server no connection on which nothing was sent yet; it must not matter either.
    const unused = await Promise.all([server.control, server.data].map(openConnection));
    return {
      async finish() {
        await Promise.all(connections.map((connection) => connection.ended));
        for (const connection of unused) connection.close();
      },
    };
  },
};
