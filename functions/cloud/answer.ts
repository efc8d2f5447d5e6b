/**
 * What one of the deployed functions answers: its paths of the table, and, for Google's services alone, its topics as
 * /push/<name> and its schedules as /ticks/<name>, or /ticks/<name>/<shard>.
 */
import type { CloudDeps } from '../../shared/runtime/deps-cloud.ts'
import {
  type HttpRequest,
  type HttpResponse,
  isHttpRoute,
  isTickRoute,
  isTopicRoute,
  type ServiceName,
  type TickRoute,
} from '../../shared/runtime/handler.ts'
import { refusePush } from '../../shared/runtime/push-credentials.ts'
import { answer, reactionTo } from '../../shared/runtime/serve.ts'
import type { Answer } from '../http/listener.ts'
import { routes } from '../routes.ts'
import { type Pushed, pushOf } from './push.ts'

const DONE: HttpResponse = { status: 204, body: '' }

export function answerAs(service: ServiceName, deps: CloudDeps): Answer {
  const own = routes.filter((route) => route.service === service)
  const paths = own.filter(isHttpRoute)
  const called = new Map<string, Pushed>([
    ...own
      .filter(isTopicRoute)
      .map((route): [string, Pushed] => [`/push/${route.name}`, pushOf(route, deps)]),
    ...own.filter(isTickRoute).flatMap((route) => ticksOf(route, deps)),
  ])
  return async (path, request) => {
    const handle = called.get(path)
    return handle === undefined
      ? answer(paths, path, request, deps)
      : answerGoogle(path.slice(1), handle, request, deps)
  }
}

/** The tick, and one for each shard. */
function ticksOf(route: TickRoute, deps: CloudDeps): [string, Pushed][] {
  const tick =
    (shard?: number): Pushed =>
    async () => {
      await route.handle(deps, shard)
      return DONE
    }
  const path = `/ticks/${route.name}`
  return [
    [path, tick()],
    ...deps.shards.map((_, shard): [string, Pushed] => [`${path}/${shard}`, tick(shard)]),
  ]
}

async function answerGoogle(
  name: string,
  handle: Pushed,
  request: HttpRequest,
  deps: CloudDeps,
): Promise<HttpResponse> {
  try {
    if (request.method !== 'POST') {
      return {
        status: 405,
        headers: { allow: 'POST' },
        body: { error: `/${name} takes POST, not ${request.method}.` },
      }
    }
    return (await refusePush(request.headers, deps)) ?? (await handle(request))
  } catch (error) {
    return reactionTo(error, name, deps)
  }
}
