/** Small documents in Cloud Storage: objects `documents/<name>.json`. */
import { ConfigError, TransientError } from '../../errors.ts'
import type { DocumentName, DocumentSnapshot, Documents, Log } from '../../ports.ts'
import { ABSENT, type Bucket } from './bucket.ts'

export type GcsDocumentsOptions = {
  bucket: Bucket
  log: Log
  /** How old what is in memory may grow before `latest` has a newer one fetched. */
  pollAfterMs?: number
}

type Known = { snapshot: DocumentSnapshot; checkedAtMs: number }

const READS_IN_A_ROW = 5
const NONE: DocumentSnapshot = { value: undefined, generation: ABSENT }

/** `read` asks the bucket each time, and fetches a content only when it is another than the one in memory. */
export function openGcsDocuments({ bucket, log, pollAfterMs = 2000 }: GcsDocumentsOptions): Documents {
  const known = new Map<DocumentName, Known>()
  const looking = new Set<DocumentName>()
  /** Which of the answers on their way was asked for last: an older one does not replace it. */
  let asked = 0
  const answered = new Map<DocumentName, number>()

  let turn: Promise<unknown> = Promise.resolve()
  /** Of a write whose answer was lost the bucket tells as long as no other came after it: none of this process does. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }

  function remember(name: DocumentName, snapshot: DocumentSnapshot, question: number): DocumentSnapshot {
    if (question < (answered.get(name) ?? 0)) return snapshot
    answered.set(name, question)
    known.set(name, { snapshot, checkedAtMs: performance.now() })
    return snapshot
  }

  async function read(name: DocumentName): Promise<DocumentSnapshot> {
    const object = objectOf(name)
    asked += 1
    const question = asked
    for (let reads = 1; reads <= READS_IN_A_ROW; reads += 1) {
      const before = known.get(name)?.snapshot
      const isWritten = before !== undefined && before.generation !== ABSENT
      const head = await bucket.head(object, isWritten ? before.generation : undefined)
      if (head === 'unchanged' && before !== undefined) return remember(name, before, question)
      if (head === undefined || head === 'unchanged') return remember(name, NONE, question)
      const bytes = await bucket.content(object, head.generation)
      // Replaced since, in a bucket that keeps no versions.
      if (bytes === undefined) continue
      const value = understood(`gs://${bucket.name}/${object}`, bytes)
      return remember(name, { value, generation: head.generation }, question)
    }
    throw new TransientError(`gs://${bucket.name}/${object} changes faster than it can be read`)
  }

  return {
    read,
    write: (name, value, ifGeneration) =>
      inTurn(async () => {
        const bytes = Buffer.from(JSON.stringify(value))
        const { generation } = await bucket.put(objectOf(name), bytes, { ifGeneration, metadata: {} })
        asked += 1
        return remember(name, { value: JSON.parse(bytes.toString('utf8')), generation }, asked)
      }),
    latest(name) {
      const present = known.get(name)
      const isFresh = present !== undefined && performance.now() - present.checkedAtMs < pollAfterMs
      if (!isFresh && !looking.has(name)) {
        looking.add(name)
        read(name)
          .catch((error: Error) => log.warning('document.unread', { name, reason: error.message }))
          .finally(() => looking.delete(name))
      }
      return present?.snapshot
    },
  }
}

const objectOf = (name: DocumentName) => `documents/${name}.json`

function understood(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'))
  } catch (cause) {
    const error = new ConfigError(`${path} is damaged; delete it to begin anew`)
    error.cause = cause
    throw error
  }
}
