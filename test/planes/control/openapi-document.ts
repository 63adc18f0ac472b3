/** The parts of an OpenAPI document that the tests read (OpenAPI Specification 3.1, section 4.8). */
export interface Specification {
  openapi: string;
  info: { title: string; version: string };
  paths: Record<string, Record<string, Operation>>;
}

export interface Operation {
  operationId?: string;
  summary?: string;
  parameters?: { name: string; in: string; required?: boolean; schema?: Schema }[];
  requestBody?: Body;
  responses?: Record<string, Body & { description?: string }>;
}

interface Body {
  content?: Record<string, { schema?: Schema }>;
}

/** What the document uses of JSON Schema 2020-12. */
export interface Schema {
  type?: string | string[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  anyOf?: Schema[];
  const?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
}

/**
 * Where a value is not what a schema says, each with its place. Stricter than JSON Schema: a field that the
 * schema does not name is a fault.
 */
export function faultsOf(schema: Schema, value: unknown, place = ""): string[] {
  const { type, properties, required = [], items, anyOf } = schema;
  const faults: string[] = [];
  const types = type === undefined ? [] : [type].flat();
  if (types.length > 0 && !types.some((each) => isOfType(each, value))) {
    return [`${place}: ${JSON.stringify(value)} is not of type ${types.join(" or ")}`];
  }
  if (schema.const !== undefined && schema.const !== value) faults.push(`${place}: is not ${schema.const}`);
  if (schema.enum && !schema.enum.includes(value)) faults.push(`${place}: is not one of ${schema.enum}`);
  if (anyOf && !anyOf.some((each) => faultsOf(each, value).length === 0))
    faults.push(`${place}: fits nothing`);
  if (items && Array.isArray(value)) {
    faults.push(...value.flatMap((each, i) => faultsOf(items, each, `${place}[${i}]`)));
  }
  if (properties && isOfType("object", value)) {
    const fields = value as Record<string, unknown>;
    for (const name of required) if (!(name in fields)) faults.push(`${place}.${name}: is missing`);
    for (const [name, field] of Object.entries(fields)) {
      const described = properties[name];
      if (described) faults.push(...faultsOf(described, field, `${place}.${name}`));
      else faults.push(`${place}.${name}: is not described`);
    }
  }
  return faults;
}

function isOfType(type: string, value: unknown): boolean {
  if (value === null) return type === "null";
  if (Array.isArray(value)) return type === "array";
  if (type === "integer") return Number.isInteger(value);
  // JSON Schema's other names of types are those of typeof.
  return typeof value === type;
}
