/**
 * What Google Cloud loads: one of the functions that services.ts lists, named by FUNCTION_TARGET.
 *
 *   FUNCTION_TARGET=ingest npx functions-framework
 *
 * Wrong settings end the process before it listens, so that a deployment fails and the one before it goes on.
 */
import { http, type Request, type Response } from '@google-cloud/functions-framework'
import { answerAs } from './cloud/answer.ts'
import { guardServers } from './cloud/guard.ts'
import { openFunctionOrEnd, readFirst } from './cloud/open.ts'
import { BOUNDS, listenerOf } from './http/listener.ts'

const { service, deps } = openFunctionOrEnd()
const answer = answerAs(service.name, deps)
const ready = service.name === 'recommend' ? readFirst(deps) : Promise.resolve()

guardServers(
  listenerOf(async (path, request) => ready.then(() => answer(path, request)), deps.log, BOUNDS),
  BOUNDS,
)

// The framework wants a function of this name. It is reached only where the guard is not in place.
http(service.name, (_request: Request, response: Response) => {
  deps.log.error('guard.missing')
  response.status(500).json({ error: 'The admission guard is not in place.' })
})
