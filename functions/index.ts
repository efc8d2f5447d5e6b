/**
 * What Google Cloud loads: the table of triggers, registered with functions-framework under its names.
 *
 *   npx functions-framework --target=ingest
 *
 * The ports are opened with the first request, so that an instance starts fast; until this product has adapters
 * for Google Cloud they are those of one machine, and the settings refuse to start anywhere else.
 */
import {
  type CloudEvent,
  cloudEvent,
  http,
  type Request,
  type Response,
} from '@google-cloud/functions-framework'
import * as z from 'zod'
import { loadConfig } from '../shared/runtime/config.ts'
import { type Deps, type HttpRequest, isHttpRoute, isTickRoute } from '../shared/runtime/handler.ts'
import { createLog } from '../shared/runtime/log.ts'
import { answer, targetOf } from '../shared/runtime/serve.ts'
import { parseBody } from '../shared/schema/intake.ts'
import { decodeOrThrow } from '../shared/schema/wire.ts'
import { openFolder } from './local/folder.ts'
import { routes } from './routes.ts'

/** A Pub/Sub push as functions-framework hands it over; the framework itself checks nothing of it. */
const published = z.object({
  message: z.object({
    data: z.base64().transform((data) => parseBody(Buffer.from(data, 'base64'))),
  }),
})

let opening: Promise<Deps> | undefined

function deps(): Promise<Deps> {
  if (opening === undefined) {
    const settings = loadConfig()
    opening = openFolder(settings, createLog(settings.logLevel))
  }
  return opening
}

for (const route of routes) {
  if (isHttpRoute(route)) {
    http(route.name, async (request: Request, response: Response) => {
      const reply = await answer(routes, route.trigger.path, neutral(request), await deps())
      response.status(reply.status).set(reply.headers ?? {})
      if (typeof reply.body === 'string') response.type('text/plain').send(reply.body)
      else response.json(reply.body)
    })
  } else if (isTickRoute(route)) {
    cloudEvent<unknown>(route.name, async () => route.handle(await deps()))
  } else {
    cloudEvent<unknown>(route.name, async (event: CloudEvent<unknown>) => {
      const { message } = decodeOrThrow(published, event.data, 'Pub/Sub message')
      await route.handle([message.data], await deps())
    })
  }
}

function neutral(request: Request): HttpRequest {
  const bytes = request.rawBody ?? new Uint8Array()
  return {
    method: request.method,
    query: targetOf(request.originalUrl).query,
    headers: request.headers,
    body: async (maxBytes) => (bytes.length > maxBytes ? undefined : bytes),
    drain: async (maxBytes) => (bytes.length > maxBytes ? undefined : bytes.length),
  }
}
