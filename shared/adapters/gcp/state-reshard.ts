/**
 * Changes the number of shards while writers of the number before, and of the one after, go on trying. Any step may
 * be the last one of a process, and any number of processes may do the steps.
 *
 * 1. The layout says that a change has begun, and its id.
 * 2. Every object of the old number, those too that nobody has written yet, is sealed: written again with the id on
 *    it. From then on it never changes, so what follows is a function of it.
 * 3. The objects of the new number are written: made, or put in the place of sealed ones of an earlier change. One
 *    that is there and not sealed is of this change.
 * 4. The layout says the new number, and its writers are let in.
 *
 * Sealed objects stay. Were they deleted, a writer that had found none could still make one.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { stateObjectName } from '../../domain/shard.ts'
import { EMPTY_STATE } from '../../domain/state.ts'
import { ConfigError, ConflictError, TransientError } from '../../errors.ts'
import type { Clock, Resharding, Rng, StateLayout } from '../../ports.ts'
import { encodeState } from '../../schema/state.ts'
import { ABSENT, type Bucket, type Head, openBucket } from './bucket.ts'
import { legible, marksOf, metadataOf, previousContent } from './state-content.ts'
import { type Layout, layoutsPresent, readLayout, writeLayout } from './state-layout.ts'

const TRY_FOR_MS = 60_000
const DELAY_MS = 60

export type StateLayoutOptions = {
  bucket: string
  clock: Clock
  rng: Rng
  /** Of another server than Google's. */
  apiEndpoint?: string | undefined
}

export function gcsStateLayout({ bucket, clock, rng, apiEndpoint }: StateLayoutOptions): StateLayout {
  return layoutIn(openBucket({ bucket, rng, apiEndpoint }), { clock, rng })
}

export function layoutIn(
  bucket: Bucket,
  { clock, rng, delayMs = DELAY_MS }: { clock: Clock; rng: Rng; delayMs?: number },
): StateLayout {
  async function begin(to: number): Promise<Resharding | undefined> {
    const { layout, generation } = await present()
    if (layout.change !== undefined && layout.change.to !== to)
      throw new ConfigError(
        `A division into ${layout.change.to} shards has begun and not ended. End it first: run "npx runner-bandit reshard --shards ${layout.change.to}".`,
      )
    if (layout.change === undefined && layout.shards === to) {
      if (generation === ABSENT) await writeLayout(bucket, { shards: to }, ABSENT)
      return undefined
    }
    const change = layout.change ?? { to, id: rng.id() }
    if (layout.change === undefined) await writeLayout(bucket, { shards: layout.shards, change }, generation)
    return resharding(layout.shards, change)
  }

  async function present(): Promise<{ layout: Layout; generation: string }> {
    const found = await readLayout(bucket)
    if (found !== undefined) return found
    const [shards, ...more] = await layoutsPresent(bucket)
    if (more.length > 0)
      throw new ConfigError(
        `bandit_layout.json is gone, and there are states of ${[shards, ...more].join(' and ')} shards. Write {"shards":n} to it, with the right number.`,
      )
    return { layout: { shards: shards ?? 1 }, generation: ABSENT }
  }

  function resharding(from: number, { to, id }: { to: number; id: string }): Resharding {
    /** Asked after an object was looked at, and before it is written on the condition that it is still the same. */
    async function refuseEnded(): Promise<string> {
      const found = await readLayout(bucket)
      if (found?.layout.change?.id === id) return found.generation
      throw new ConflictError(`Another process has ended the division into ${to} shards.`)
    }

    /** Writes until it is this write, or another one that makes it needless, that the object is of. */
    async function settle(
      object: string,
      next: (head: Head | undefined) => Promise<Write | undefined>,
    ): Promise<void> {
      const giveUpAt = performance.now() + TRY_FOR_MS
      while (true) {
        const head = await bucket.head(object)
        await refuseEnded()
        try {
          const write = await next(head)
          if (write === undefined) return
          const ifGeneration = head?.generation ?? ABSENT
          await bucket.put(object, write.bytes, { ifGeneration, metadata: write.metadata, tries: 1 })
          return
        } catch (error) {
          if (!(error instanceof TransientError) || error instanceof Held || performance.now() > giveUpAt)
            throw error
          await sleep(delayMs * (0.5 + rng.next()))
        }
      }
    }

    async function seal(object: string): Promise<void> {
      await settle(object, async (head) => {
        if (head === undefined)
          return { bytes: encodeState(EMPTY_STATE), metadata: metadataOf({ resetAt: 0, sealedBy: id }) }
        const { sealedBy, heldUntil, resetAt } = marksOf(head)
        if (sealedBy === id) return undefined
        if (heldUntil !== null && heldUntil > clock.now())
          throw new Held(`${object} is held by an operation until ${new Date(heldUntil).toISOString()}`)
        const bytes = await bucket.content(object, head.generation)
        if (bytes === undefined) throw new TransientError(`${object} changed while it was read`)
        const metadata = { ...head.metadata, ...metadataOf({ resetAt: resetAt ?? 0, sealedBy: id }) }
        return { bytes, metadata }
      })
    }

    return {
      from,
      async seal() {
        const objects = Array.from({ length: from }, (_, shard) => stateObjectName(shard, from))
        for (const object of objects) await seal(object)
        return Promise.all(objects.map((object) => sealedContent(object)))
      },
      async write(states, resetAt) {
        for (const [shard, state] of states.entries())
          await settle(stateObjectName(shard, to), async (head) => {
            if (head !== undefined && marksOf(head).sealedBy === undefined) return undefined
            return { bytes: encodeState(state), metadata: metadataOf({ resetAt }) }
          })
      },
      async end() {
        await writeLayout(bucket, { shards: to }, await refuseEnded())
      },
    }
  }

  async function sealedContent(object: string) {
    const head = await bucket.head(object)
    const bytes = head === undefined ? undefined : await bucket.content(object, head.generation)
    if (head === undefined || bytes === undefined) throw new TransientError(`${object} could not be read`)
    const { resetAt = 0 } = marksOf(head)
    const state = legible(object, bytes)
    const content = state === undefined ? await previousContent(bucket, object, resetAt) : { state, resetAt }
    if (content !== undefined) return { state: content.state, resetAt: content.resetAt }
    throw new ConfigError(
      `${object} cannot be understood, and no version before it either. Run "npx runner-bandit rebuild" before its state is divided.`,
    )
  }

  return { begin }
}

type Write = { bytes: Uint8Array; metadata: Record<string, string> }

/** Not tried again at once: an operation takes its time. */
class Held extends TransientError {}
