/** The one place where an error becomes a reaction, and where a request finds its route. */
import { InvalidInputError, TransientError } from '../errors.ts'
import {
  type Deps,
  type HttpHandler,
  type HttpRequest,
  type HttpResponse,
  isHttpRoute,
  type Route,
} from './handler.ts'

const RETRY_AFTER_SECONDS = '5'

/** Path and parameters of a request's target. No URL is parsed: the target may be anything, and is not to be trusted. */
export function targetOf(target = '/'): { path: string; query: URLSearchParams } {
  const at = target.indexOf('?')
  if (at === -1) return { path: target, query: new URLSearchParams() }
  return { path: target.slice(0, at), query: new URLSearchParams(target.slice(at + 1)) }
}

/** Answers a request by the table of routes. Never throws. */
export async function answer(
  routes: readonly Route[],
  path: string,
  request: HttpRequest,
  deps: Deps,
): Promise<HttpResponse> {
  const route = byPath(routes).get(path)
  if (route === undefined) {
    return { status: 404, body: { error: `There is nothing at ${path}; GET / lists what there is.` } }
  }
  const { methods } = route.trigger
  // HEAD is GET without the body, which the transport leaves out.
  const method = request.method === 'HEAD' ? 'GET' : request.method
  if (!methods.includes(method)) {
    const allow = methods.join(', ')
    return {
      status: 405,
      headers: { allow },
      body: { error: `${path} takes ${allow}, not ${request.method}.` },
    }
  }
  try {
    return await route.handle(request, deps)
  } catch (error) {
    return reactionTo(error, route.name, deps)
  }
}

type HttpRoute = Extract<Route, { handle: HttpHandler }>
/** Of each table, so that a request finds its route without looking through it. */
const indices = new WeakMap<readonly Route[], Map<string, HttpRoute>>()

function byPath(routes: readonly Route[]): Map<string, HttpRoute> {
  let index = indices.get(routes)
  if (index === undefined) {
    index = new Map(routes.filter(isHttpRoute).map((route) => [route.trigger.path, route]))
    indices.set(routes, index)
  }
  return index
}

/** The answer to a request whose handling threw. */
export function reactionTo(error: unknown, route: string, { log }: Pick<Deps, 'log'>): HttpResponse {
  if (error instanceof InvalidInputError) return { status: 400, body: { error: error.message } }
  if (error instanceof TransientError) {
    log.warning('request.deferred', { route, error })
    return {
      status: 503,
      headers: { 'retry-after': RETRY_AFTER_SECONDS },
      body: { error: `Not now: ${error.message}.` },
    }
  }
  log.error('request.failed', { route, error })
  return { status: 500, body: { error: 'This is a fault of the server; its log says more.' } }
}
