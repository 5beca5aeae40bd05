import type { RequestHandler } from "express";
import type { Engine } from "../engine/engine.ts";
import { GatewayError } from "../errors.ts";
import type { Authenticate } from "./authenticator.ts";
import type { ApiKey } from "./options.ts";

/** What the model routes need; `startedAt` in milliseconds since 1970. */
export interface ModelParts {
  readonly engine: Pick<Engine, "model">;
  readonly authenticate: Authenticate;
  readonly startedAt: number;
}

/** Whether a key may use a model. */
export function allowsModel(key: ApiKey | undefined, model: string): boolean {
  return key?.models === undefined || key.models.includes(model);
}

/** `GET /v1/models` and `GET /v1/models/:id`: what the key may use. */
export function createModelHandlers({ engine, authenticate, startedAt }: ModelParts): {
  readonly list: RequestHandler;
  readonly get: RequestHandler;
} {
  const { name } = engine.model;
  const model = { id: name, object: "model", created: Math.floor(startedAt / 1000), owned_by: "lensgate" };
  return {
    list(request, response) {
      const key = authenticate(request.headers.authorization);
      response.json({ object: "list", data: allowsModel(key, name) ? [model] : [] });
    },
    get(request, response) {
      const key = authenticate(request.headers.authorization);
      if (request.params["id"] !== name || !allowsModel(key, name)) {
        throw new GatewayError("model_not_found", "There is no such model, or this key may not use it.", {
          param: "model",
        });
      }
      response.json(model);
    },
  };
}
