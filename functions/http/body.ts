/** The body of a request on node:http, read within bounds: of the one request, and of all in hand together. */
import type { IncomingMessage } from 'node:http'
import { InvalidInputError, TransientError } from '../../shared/errors.ts'
import type { HttpRequest } from '../../shared/runtime/handler.ts'

/** What the bodies in hand take together, and may take. */
export type BodyBudget = { bytes: number; readonly maxBytes: number }

export type RequestBody = Pick<HttpRequest, 'body' | 'drain'> & {
  /** Gives back to the budget what was read. */
  release(): void
}

export function bodyOf(request: IncomingMessage, budget: BodyBudget): RequestBody {
  let length = 0
  let kept = 0
  const isDeclaredLonger = (maxBytes: number) => Number(request.headers['content-length'] ?? 0) > maxBytes
  const release = () => {
    budget.bytes -= kept
    kept = 0
  }
  return {
    async body(maxBytes) {
      if (isDeclaredLonger(maxBytes)) return undefined
      const chunks: Buffer[] = []
      const isWhole = await eachChunk(request, (chunk) => {
        length += chunk.length
        if (length > maxBytes) return false
        budget.bytes += chunk.length
        kept += chunk.length
        if (budget.bytes > budget.maxBytes) throw new TransientError('too many bodies arrive at once')
        chunks.push(chunk)
        return true
      })
      if (isWhole) return chunks.length === 1 ? chunks[0] : Buffer.concat(chunks)
      release()
      return undefined
    },
    async drain(maxBytes) {
      if (isDeclaredLonger(maxBytes) || length > maxBytes) return undefined
      const isWhole = await eachChunk(request, (chunk) => {
        length += chunk.length
        return length <= maxBytes
      })
      return isWhole ? length : undefined
    },
    release,
  }
}

/**
 * Hands over each chunk until one is refused, and says whether the body was read to its end.
 * @throws InvalidInputError when the body ends before its end, and what `take` throws.
 */
function eachChunk(request: IncomingMessage, take: (chunk: Buffer) => boolean): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      request.off('data', onData).off('end', onEnd).off('error', onCut).off('close', onCut).pause()
    }
    const onData = (chunk: Buffer) => {
      try {
        if (take(chunk)) return
        stop()
        resolve(false)
      } catch (error) {
        stop()
        reject(error)
      }
    }
    const onEnd = () => {
      stop()
      resolve(true)
    }
    const onCut = () => {
      stop()
      reject(new InvalidInputError('the body ended before its end'))
    }
    if (request.readableEnded) return resolve(true)
    if (request.destroyed) return reject(new InvalidInputError('the body ended before its end'))
    request.on('data', onData).on('end', onEnd).on('error', onCut).on('close', onCut).resume()
  })
}
