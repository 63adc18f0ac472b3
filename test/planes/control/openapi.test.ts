import { describe, expect, test } from "bun:test";
import { api, createSnippet, PROGRAMS } from "../../server.ts";
import { directPlane } from "./direct-plane.ts";
import { faultsOf, type Operation, type Schema, type Specification } from "./openapi-document.ts";
import { runServer } from "./running.ts";

const PATH_PARAMETER = /\{(\w+)\}/g;
const operationsOf = ({ paths }: Specification) =>
  Object.entries(paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) => ({ path, method, operation })),
  );
const jsonSchema = (part: { content?: Record<string, { schema?: Schema }> } | undefined) =>
  part?.content?.["application/json"]?.schema;
const successOf = ({ responses }: Operation) =>
  Object.entries(responses ?? {}).find(([status]) => status.startsWith("2"));

describe.each(PROGRAMS)("the description of the API, from %s", (program) => {
  const server = runServer(program);
  const read = async () => (await api<Specification>(server, "GET", "/openapi/json")).body;
  const operation = async (method: string, path: string) => (await read()).paths[path]![method]!;

  test("is an OpenAPI 3 document with a title, a version and operations", async () => {
    const { openapi, info, paths } = await read();
    expect(openapi).toMatch(/^3\.[01]\.\d+$/);
    expect(info).toMatchObject({ title: expect.stringMatching(/./), version: expect.stringMatching(/./) });
    expect(Object.keys(paths)).not.toBeEmpty();
    for (const path of Object.keys(paths)) expect(path).toStartWith("/");
  });

  test("names every operation once, says what it is for and declares the parameters of its path", async () => {
    const operations = operationsOf(await read());
    const names = operations.map(({ operation }) => operation.operationId);
    expect(new Set(names).size).toBe(operations.length);
    for (const { path, method, operation } of operations) {
      const declared = (operation.parameters ?? []).filter((parameter) => parameter.in === "path");
      expect({ path, method, summary: operation.summary, declared }).toEqual({
        path,
        method,
        summary: expect.stringMatching(/\w/),
        declared: [...path.matchAll(PATH_PARAMETER)].map(([, name]) =>
          expect.objectContaining({ name, required: true, schema: expect.any(Object) }),
        ),
      });
      for (const parameter of operation.parameters ?? []) {
        expect(parameter).toMatchObject({
          in: expect.stringMatching(/^(path|query)$/),
          schema: expect.any(Object),
        });
      }
    }
  });

  test("has a schema for every body that is taken and every answer that is given", async () => {
    const missing: string[] = [];
    for (const { path, method, operation } of operationsOf(await read())) {
      const name = `${method} ${path}`;
      const [status, answer] = successOf(operation) ?? [];
      if (!answer?.description) missing.push(`${name}: an answer`);
      else if (status !== "204" && !jsonSchema(answer)) missing.push(`${name}: the schema of its answer`);
      if (method === "post" || method === "patch" || method === "put") {
        if (!jsonSchema(operation.requestBody)) missing.push(`${name}: the schema of its body`);
      } else if (operation.requestBody) missing.push(`${name}: takes no body`);
    }
    expect(missing).toEqual([]);
  });

  test("tells which fields a body has and which of them it needs", async () => {
    const bodyOf = async (method: string, path: string) => {
      const schema = jsonSchema((await operation(method, path)).requestBody);
      return { fields: Object.keys(schema?.properties ?? {}).sort(), required: schema?.required ?? [] };
    };
    const fields = ["content", "content_type", "description", "title"];
    expect(await bodyOf("post", "/api/snippets")).toEqual({ fields, required: ["content"] });
    expect(await bodyOf("patch", "/api/snippets/{id}")).toEqual({ fields, required: [] });
    expect(await bodyOf("post", "/api/snippets/{id}/restore")).toEqual({
      fields: ["target_hash"],
      required: ["target_hash"],
    });
  });

  test("describes the answers as they are: no field is missing, of another type or undocumented", async () => {
    const id = await createSnippet(server, "text", { title: "t" });
    const { body: snippet } = await api(server, "GET", `/api/snippets/${id}`);
    const [{ target_hash }] = snippet.history;
    const calls: [method: string, path: string, body?: unknown][] = [
      ["GET", "/healthz"],
      ["GET", "/api/auth-info"],
      ["GET", "/api/me"],
      ["GET", "/api/snippets"],
      ["POST", "/api/snippets", { content: "text" }],
      ["GET", "/api/snippets/{id}"],
      ["PATCH", "/api/snippets/{id}", { content: "new" }],
      ["GET", "/api/snippets/{id}/history"],
      ["GET", "/api/snippets/{id}/versions/{hash}"],
      ["DELETE", "/api/snippets/{id}"],
      ["GET", "/api/snippets/{id}"],
      ["POST", "/api/snippets/{id}/restore", { target_hash }],
    ];
    const faults: string[] = [];
    for (const [method, path, sent] of calls) {
      const real = path.replace("{id}", id).replace("{hash}", target_hash);
      const { status, body } = await api(server, method, real, sent);
      const described = (await operation(method.toLowerCase(), path)).responses?.[status];
      const schema = jsonSchema(described);
      if (!described) faults.push(`${method} ${path}: ${status} is not described`);
      else if (schema) faults.push(...faultsOf(schema, body).map((fault) => `${method} ${path}${fault}`));
    }
    expect(faults).toEqual([]);
    const undocumented = operationsOf(await read()).filter(
      ({ path, method }) => !calls.some(([known, where]) => known.toLowerCase() === method && where === path),
    );
    expect(undocumented).toEqual([]);
  });

  test("tells the bounds of limit as those of a whole number", async () => {
    for (const path of ["/api/snippets", "/api/snippets/{id}", "/api/snippets/{id}/history"]) {
      const { parameters = [] } = await operation("get", path);
      const limit = parameters.find(({ name }) => name === "limit");
      expect({ path, ...limit?.schema }).toMatchObject({ path, type: "integer", minimum: 1, maximum: 50 });
    }
  });
});

describe("the description of the API and its routes", () => {
  const direct = directPlane();

  test("are the same: no route is undocumented, and nothing is documented that is no route", async () => {
    const { body } = await direct.call(null, "GET", "/openapi/json");
    const documented = operationsOf(body as unknown as Specification).map(
      ({ method, path }) => `${method.toUpperCase()} ${path}`,
    );
    const routes = direct.plane.routes
      .filter(({ path }) => !path.startsWith("/openapi"))
      .map(({ method, path }) => `${method} ${path.replace(/:(\w+)/g, "{$1}")}`);
    expect(routes.filter((route) => route.includes(" /api/")).length).toBeGreaterThanOrEqual(10);
    expect(documented.sort()).toEqual(routes.sort());
  });
});
