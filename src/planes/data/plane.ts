import { Elysia } from "elysia";
import type { Delivery } from "../../snippets/delivery.ts";
import { toProblem } from "../problem.ts";
import {
  createDeliveryHandler,
  methodNotAllowed,
  notFound,
  type PreparedAnswer,
  sentence,
} from "./delivery.ts";

export type DataPlane = ReturnType<typeof createDataPlane>;

/** The public plane. */
export function createDataPlane({
  delivery,
  ping,
  logError,
}: {
  delivery: Delivery<PreparedAnswer>;
  /** Rejects where the database cannot be read. */
  ping(): Promise<void>;
  logError(message: string, cause: unknown): void;
}) {
  const problemOf = (error: unknown) => toProblem(error, logError);
  const deliver = createDeliveryHandler(delivery, problemOf);
  const deliveryShape = ({ request }: { request: Request }) =>
    request.method === "GET" || request.method === "HEAD" ? notFound() : methodNotAllowed();

  let router: unknown;
  let routed: (request: Request) => unknown;
  return (
    // Bun's router would match first, at a cost, what delivery tells by its length.
    new Elysia({
      name: "data-plane",
      systemRouter: false,
      // Else a path is looked for from the twelfth character of the URL on: past it, where a host has three.
      handler: { standardHostname: false },
    })
      // Elysia calls this for each request; the handler is made once.
      .wrap((next) => {
        if (next !== router) {
          router = next;
          routed = (request) => deliver(request) ?? next(request);
        }
        return routed;
      })
      .onError(({ error, code }) => {
        if (code === "NOT_FOUND") return notFound();
        const { status, message } = problemOf(error);
        return sentence(status, message);
      })
      .get("/healthz", async () => {
        await ping();
        return sentence(200, "ok");
      })
      // Paths of the shape of a delivery whose id has not the shape of an id.
      .all("/:id", deliveryShape)
      .all("/:id/:filename", deliveryShape)
  );
}
