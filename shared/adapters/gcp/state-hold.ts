/** Taking the right to write away from everybody else, for a while. */
import { setTimeout as sleep } from 'node:timers/promises'
import type { Instant } from '../../domain/event.ts'
import { EMPTY_STATE } from '../../domain/state.ts'
import { TransientError } from '../../errors.ts'
import type { Rng } from '../../ports.ts'
import { encodeState } from '../../schema/state.ts'
import type { Bucket, Head } from './bucket.ts'
import { type Marks, metadataOf, versionsBefore } from './state-content.ts'

/** A busy writer leaves only moments in which the bucket accepts another change. */
const TRY_FOR_MS = 60_000
const DELAY_MS = 60

/** An object as it is now, whatever its content. */
export type Present = { generation: string; marks: Marks; resetAt: Instant; head: Head | undefined }

export type HoldRequest = {
  bucket: Bucket
  object: string
  until: Instant
  holder: string
  present(): Promise<Present>
  /** Throws when somebody else may write alone. */
  refuse(marks: Marks): void
  rng: Rng
}

/**
 * Writes the present content again, marked: the new generation is a conflict for everybody who had the one before,
 * and so they read the mark.
 */
export async function takeHold(request: HoldRequest): Promise<{ generation: string }> {
  const { bucket, object, until, holder, rng } = request
  const giveUpAt = performance.now() + TRY_FOR_MS
  while (true) {
    const { generation, marks, resetAt, head } = await request.present()
    request.refuse(marks)
    // An earlier try whose answer got lost.
    if (marks.holder === holder && marks.heldUntil === until) return { generation }
    try {
      const bytes = await contentToHold(bucket, object, head)
      const metadata = metadataOf({ resetAt, heldUntil: until, holder })
      return await bucket.put(object, bytes, { ifGeneration: generation, metadata, tries: 1 })
    } catch (error) {
      if (!(error instanceof TransientError) || performance.now() > giveUpAt) throw error
      await sleep(DELAY_MS * (0.5 + rng.next()))
    }
  }
}

async function contentToHold(bucket: Bucket, object: string, head: Head | undefined): Promise<Uint8Array> {
  if (head !== undefined) {
    const bytes = await bucket.content(object, head.generation)
    if (bytes === undefined) throw new TransientError(`${object} changed while it was read`)
    return bytes
  }
  // Where a content has vanished none may seem to have been learned: an empty object is garbled, and so told from it.
  const isVanished = (await versionsBefore(bucket, object)).length > 0
  return isVanished ? new Uint8Array() : encodeState(EMPTY_STATE)
}
