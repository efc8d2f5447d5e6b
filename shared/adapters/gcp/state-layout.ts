/**
 * Into how many shards the state is divided: said by one small object, which whoever makes the first object of a
 * state writes, and after that only `reshard` (state-reshard.ts).
 */
import { shardsOfObjectName } from '../../domain/shard.ts'
import { ConfigError, ConflictError, TransientError } from '../../errors.ts'
import { ABSENT, type Bucket } from './bucket.ts'

export type Layout = {
  shards: number
  /** A change that has begun and not ended; its id is on what it has sealed. */
  change?: { to: number; id: string }
}

const OBJECT = 'bandit_layout.json'

/** Undefined while no state was written. */
export async function readLayout(
  bucket: Bucket,
): Promise<{ layout: Layout; generation: string } | undefined> {
  while (true) {
    const head = await bucket.head(OBJECT)
    if (head === undefined) return undefined
    const bytes = await bucket.content(OBJECT, head.generation)
    if (bytes !== undefined) return { layout: parse(bytes), generation: head.generation }
  }
}

export async function writeLayout(bucket: Bucket, layout: Layout, ifGeneration: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${JSON.stringify(layout)}\n`)
  return (await bucket.put(OBJECT, bytes, { ifGeneration, metadata: {} })).generation
}

function parse(bytes: Uint8Array): Layout {
  try {
    const { shards, change } = JSON.parse(new TextDecoder().decode(bytes)) as Layout
    const isChange =
      change === undefined || (Number.isSafeInteger(change.to) && typeof change.id === 'string')
    if (Number.isSafeInteger(shards) && shards > 0 && isChange) return { shards, ...(change && { change }) }
  } catch {
    // As what is JSON and no layout.
  }
  throw new ConfigError(
    `${OBJECT} cannot be understood. It should say {"shards":1}, or how many shards there are.`,
  )
}

/** The numbers of shards of which there are objects. */
export async function layoutsPresent(bucket: Bucket): Promise<Set<number>> {
  const heads = await bucket.list('bandit_state')
  return new Set(heads.map(({ name }) => shardsOfObjectName(name)).filter((shards) => shards !== undefined))
}

/**
 * Lets through who has the number of shards right. Once is enough: after a change of the number, the objects of the
 * one before are sealed for good, those too that had not been written yet.
 */
export function admissionTo(
  bucket: Bucket,
  shards: number,
): { read(): Promise<void>; write(): Promise<void> } {
  let isAdmitted = false

  async function admit(isWriting: boolean): Promise<void> {
    if (isAdmitted) return
    const found = await readLayout(bucket)
    if (found !== undefined) {
      refuseOther(found.layout, shards)
      isAdmitted = true
      return
    }
    for (const present of await layoutsPresent(bucket)) refuseOther({ shards: present }, shards)
    if (!isWriting) return
    try {
      await writeLayout(bucket, { shards }, ABSENT)
    } catch (error) {
      // Another was first; what it wrote is looked at.
      if (!(error instanceof ConflictError)) throw error
    }
    await admit(true)
  }

  return { read: () => admit(false), write: () => admit(true) }
}

/** Transient: after `reshard`, or in a process of the right number, the same message is learned. */
function refuseOther({ shards: present }: Layout, wanted: number): void {
  if (present === wanted) return
  throw new TransientError(
    `The state has ${present} ${present === 1 ? 'shard' : 'shards'}, and the settings say ${wanted}. Run "npx runner-bandit reshard".`,
  )
}
