/**
 * The door of a running server for commands on the same machine: a Unix socket in the data folder that only
 * its owner may open. A request is an operation; the answer is a line of JSON per step, and one for the result.
 */
import { chmodSync, rmSync } from 'node:fs'
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http'
import { join, relative } from 'node:path'
import { createInterface } from 'node:readline'
import { ConfigError, InvalidInputError, TransientError } from '../../shared/errors.ts'
import type { Deps, Progress } from '../../shared/runtime/handler.ts'
import type { OperationName } from '../operations.ts'

/** Longest path that a Unix socket can have on Linux (108 bytes with the ending zero) and macOS (104). */
const MAX_PATH_BYTES = 103
const PROGRESS_EVERY_MS = 100

type Line =
  | { progress: Parameters<Progress>[0] }
  | { result: unknown }
  | { error: { message: string; invalidInput: boolean } }

/** @throws ConfigError when the path is too long for a socket. */
export function socketPath(dataFolder: string): string {
  const absolute = join(dataFolder, 'server.sock')
  const fromHere = relative(process.cwd(), absolute)
  const path = Buffer.byteLength(fromHere) < Buffer.byteLength(absolute) ? fromHere : absolute
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path
  throw new ConfigError(`The path of the data folder is too long for a socket: ${absolute}`)
}

/** Serves operations; a socket left by a killed server is replaced, since the caller owns the folder. */
export async function serveOperations(deps: Deps): Promise<Server> {
  const path = socketPath(deps.settings.dataFolder)
  rmSync(path, { force: true })
  const server = createServer((incoming, response) => void handle(incoming, response, deps))
  // An operation may take long, and the socket is its owner's.
  server.requestTimeout = 0
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(path, resolve)
  })
  chmodSync(path, 0o600)
  return server
}

async function handle(incoming: IncomingMessage, response: ServerResponse, deps: Deps): Promise<void> {
  const say = (line: Line) => response.write(`${JSON.stringify(line)}\n`)
  try {
    const { operations, runOperation } = await import('../operations.ts')
    const name = (incoming.url ?? '').slice(1)
    if (!Object.hasOwn(operations, name)) throw new InvalidInputError(`there is no operation "${name}"`)
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk)
    const input = JSON.parse(Buffer.concat(chunks).toString('utf8'))
    const progress = sparingly((step) => say({ progress: step }))
    say({ result: await runOperation(name as OperationName, input, deps, progress) })
  } catch (error) {
    if (!(error instanceof InvalidInputError)) deps.log.error('operation.failed', { error })
    const message = error instanceof Error ? error.message : String(error)
    say({ error: { message, invalidInput: error instanceof InvalidInputError } })
  }
  response.end()
}

/**
 * Runs an operation in the server that owns the folder; undefined when there is none.
 * @param silenceMs how long the server may say nothing; left out: for ever.
 * @throws InvalidInputError, or TransientError with the server's message.
 */
export function callServer(
  dataFolder: string,
  name: OperationName,
  input: unknown,
  progress: Progress,
  silenceMs = 0,
): Promise<{ result: unknown } | undefined> {
  return new Promise((resolve, reject) => {
    const wentAway = () => reject(new TransientError('the server went away before it answered; ask again'))
    const outgoing = request({ socketPath: socketPath(dataFolder), path: `/${name}`, method: 'POST' })
    outgoing.setTimeout(silenceMs, () => {
      outgoing.destroy(new TransientError(`the server has said nothing for ${silenceMs / 1000} seconds`))
    })
    outgoing.on('error', (error: NodeJS.ErrnoException) => {
      if (['ENOENT', 'ENOTDIR', 'ECONNREFUSED'].includes(error.code ?? '')) resolve(undefined)
      else if (error.code === 'ECONNRESET' || error.code === 'EPIPE') wentAway()
      else reject(error)
    })
    outgoing.on('response', (response) => {
      const lines = createInterface({ input: response })
      lines.on('line', (text) => {
        const line = JSON.parse(text) as Line
        if ('progress' in line) progress(line.progress)
        else if ('result' in line) resolve({ result: line.result })
        else
          reject(
            line.error.invalidInput
              ? new InvalidInputError(line.error.message)
              : new TransientError(`${line.error.message} (the server's log says more)`),
          )
      })
      lines.on('error', wentAway)
      lines.on('close', wentAway)
    })
    outgoing.end(JSON.stringify(input))
  })
}

/** Lets a step through at most every 100 ms, and always the last one of its kind. */
export function sparingly(progress: Progress): Progress {
  let lastAt = 0
  return (step) => {
    const now = performance.now()
    if (now - lastAt < PROGRESS_EVERY_MS && step.done !== step.total) return
    lastAt = now
    progress(step)
  }
}
