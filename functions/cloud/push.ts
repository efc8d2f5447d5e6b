/** Messages that Pub/Sub pushes: each request carries one, and is answered 2xx when its effect is durable. */
import * as z from 'zod'
import { isForMe } from '../../shared/domain/addressee.ts'
import { InvalidInputError } from '../../shared/errors.ts'
import type { CloudDeps } from '../../shared/runtime/deps-cloud.ts'
import { type GatherOptions, gather } from '../../shared/runtime/gather.ts'
import type { HttpRequest, HttpResponse, TopicRoute } from '../../shared/runtime/handler.ts'
import { isLegible, parseBody } from '../../shared/schema/intake.ts'
import { decodeOrThrow } from '../../shared/schema/wire.ts'

/** Pub/Sub's limit of a message is 10 MB, a third more in base64. */
const MAX_BODY_BYTES = 14_000_000

/**
 * An object of Cloud Storage takes one update a second, so learn waits that long between two writes. The others
 * share their calls with what arrives while one of them runs.
 */
const GATHERING: Record<string, GatherOptions> = { learn: { everyMs: 1000, maxBatch: 10_000 } }
const AT_ONCE: GatherOptions = { everyMs: 0, maxBatch: 500 }

const ACKNOWLEDGED: HttpResponse = { status: 204, body: '' }

const pushed = z.object({
  message: z.object({
    data: z.base64().default(''),
    attributes: z.record(z.string(), z.string()).default({}),
  }),
  subscription: z.string(),
})

export type Pushed = (request: HttpRequest) => Promise<HttpResponse>

/**
 * What answers the pushes of a route. What can never be handled becomes a dead letter and is acknowledged; anything else
 * that fails is not, and comes again.
 */
export function pushOf(route: TopicRoute, deps: CloudDeps): Pushed {
  const { name, trigger } = route
  const take = gather((bodies) => route.handle(bodies, deps), GATHERING[name] ?? AT_ONCE)
  return async (request) => {
    const { message, subscription: path } = await readPush(request)
    const subscription = nameIn(path, name)
    const { attributes } = message
    const { type } = attributes
    // As the filters of the subscriptions say; an emulator does not apply them.
    const isMine = isForMe(attributes, subscription)
    const isWanted =
      trigger.kinds === undefined || type === undefined || trigger.kinds.some((kind) => kind === type)
    if (!isMine || !isWanted) return ACKNOWLEDGED
    const data = Buffer.from(message.data, 'base64')
    try {
      const body = parseBody(data)
      if (!isLegible(body)) throw new InvalidInputError(`${name}: the message is not JSON in UTF-8`)
      await take(body)
    } catch (error) {
      if (!(error instanceof InvalidInputError)) throw error
      const letter = { subscription, topic: trigger.topic, data, attributes }
      await deps.bury({ ...letter, reason: error.message })
      deps.log.warning('message.buried', { subscription, error })
    }
    return ACKNOWLEDGED
  }
}

async function readPush(request: HttpRequest): Promise<z.output<typeof pushed>> {
  const bytes = await request.body(MAX_BODY_BYTES)
  if (bytes === undefined)
    throw new InvalidInputError(`push: the body is longer than ${MAX_BODY_BYTES} bytes`)
  const body = parseBody(bytes)
  if (!isLegible(body)) throw new InvalidInputError('push: the body is not JSON in UTF-8')
  return decodeOrThrow(pushed, body, 'push')
}

/**
 * "projects/p/subscriptions/learn-0" → "learn-0". Named after the route, alone or with the number of a shard: dead
 * letters carry the name, and it is by it that they come back.
 */
function nameIn(path: string, route: string): string {
  const [, name, shard] = /^projects\/[^/]+\/subscriptions\/(.+?)(-\d{1,3})?$/.exec(path) ?? []
  if (name !== route) throw new InvalidInputError(`push: the subscription is not one of ${route}`)
  return `${name}${shard ?? ''}`
}
