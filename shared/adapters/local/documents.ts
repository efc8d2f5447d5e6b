/** Small documents on disk: `documents/<name>.json`. */
import { createHash } from 'node:crypto'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { ConfigError, ConflictError } from '../../errors.ts'
import type { DocumentName, DocumentSnapshot, Documents } from '../../ports.ts'
import { readIfThere, replaceDurably } from './durable-file.ts'
import { takeTurns } from './turns.ts'

const GENERATION_LENGTH = 16
const NONE: DocumentSnapshot = { value: undefined, generation: '0' }

/**
 * A generation is the hash of the content. One process owns the folder (the bus's lock), and in it reads and writes take
 * turns; a document put there by hand is noticed.
 */
export function openLocalDocuments(folder: string): Documents {
  const known = new Map<DocumentName, DocumentSnapshot>()
  const inTurn = takeTurns()
  const pathOf = (name: DocumentName) => join(folder, `${name}.json`)

  async function read(name: DocumentName): Promise<DocumentSnapshot> {
    const bytes = await readIfThere(pathOf(name))
    const snapshot = bytes === undefined ? NONE : understood(pathOf(name), bytes)
    known.set(name, snapshot)
    return snapshot
  }

  return {
    read: (name) => inTurn(() => read(name)),
    write: (name, value, ifGeneration) =>
      inTurn(async () => {
        const present = generationOf(await readIfThere(pathOf(name)))
        if (present !== ifGeneration)
          throw new ConflictError(`the document ${name} is at generation ${present}, not ${ifGeneration}`)
        const bytes = Buffer.from(JSON.stringify(value))
        await mkdir(folder, { recursive: true, mode: 0o700 })
        await replaceDurably(pathOf(name), bytes)
        // As who reads it gets it, and nobody's object but ours.
        const snapshot = understood(pathOf(name), bytes)
        known.set(name, snapshot)
        return snapshot
      }),
    latest(name) {
      const snapshot = known.get(name)
      // It is there for who asks next; who must know asks `read` and is told what is wrong.
      if (snapshot === undefined) inTurn(() => read(name)).catch(() => undefined)
      return snapshot
    },
  }
}

function understood(path: string, bytes: Buffer): DocumentSnapshot {
  try {
    return { value: JSON.parse(bytes.toString('utf8')), generation: generationOf(bytes) }
  } catch (cause) {
    const error = new ConfigError(`${path} is damaged; delete it to begin anew`)
    error.cause = cause
    throw error
  }
}

function generationOf(bytes: Buffer | undefined): string {
  if (bytes === undefined) return NONE.generation
  return createHash('sha256').update(bytes).digest('hex').slice(0, GENERATION_LENGTH)
}
