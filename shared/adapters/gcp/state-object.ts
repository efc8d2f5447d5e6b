/** One object of Cloud Storage that holds a state, or a shard of it: memory, marks and compare-and-set. */
import type { Instant } from '../../domain/event.ts'
import { type BanditState, EMPTY_STATE } from '../../domain/state.ts'
import { ConfigError, ConflictError, TransientError } from '../../errors.ts'
import type { Clock, Log, Rng, StateSnapshot, StateStore } from '../../ports.ts'
import { encodeState } from '../../schema/state.ts'
import { ABSENT, type Bucket, type Head } from './bucket.ts'
import { backUp } from './state-backups.ts'
import {
  legible,
  type Marks,
  marksOf,
  metadataOf,
  previousContent,
  refuseNewer,
  versionsBefore,
} from './state-content.ts'
import { type Present, takeHold } from './state-hold.ts'

export type GcsState = StateStore & {
  /** Lets nobody else write until then. @throws TransientError while somebody else does so. */
  hold(until: Instant): Promise<void>
  /** Ends what this store began with `hold`, if its own write has not. */
  release(): Promise<void>
}

export type StateObjectOptions = {
  bucket: Bucket
  object: string
  clock: Clock
  rng: Rng
  log: Log
  /**
   * How old what is in memory may grow before `read` asks for a newer one. Left out: only a conflict makes it ask, as
   * a writer wants it, who learns of other writers when it writes.
   */
  pollAfterMs?: number
  /** Throws when another object is the one to use. */
  admission: { read(): Promise<void>; write(): Promise<void> }
}

/** What is in memory: a content, and the marks on it. */
type Known = { snapshot: StateSnapshot; marks: Marks; checkedAtMs: number }

const NO_MARKS: Marks = { resetAt: 0, heldUntil: null, holder: undefined, sealedBy: undefined }
const READS_IN_A_ROW = 5

/**
 * A generation names a write, not a content. Requests of one store take turns; what other processes write is noticed
 * by the condition on every write. Writing more than once a second is slowed down by the bucket.
 */
export function openStateObject(options: StateObjectOptions): GcsState {
  const { bucket, object, clock, rng, log, pollAfterMs = Number.POSITIVE_INFINITY, admission } = options
  const path = `gs://${bucket.name}/${object}`
  const holder = rng.id()
  let known: Known | undefined
  /** Whether the object is known, or must be feared, to hold something else than `known`. */
  let isStale = false
  /** The generation that this store holds. */
  let heldGeneration: string | undefined
  let turn: Promise<unknown> = Promise.resolve()

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = turn.then(work)
    turn = result.catch(() => undefined)
    return result
  }

  /** What is in memory, as long as it need not be asked for again. */
  const fresh = () =>
    known !== undefined && !isStale && performance.now() - known.checkedAtMs < pollAfterMs ? known : undefined

  function remember(snapshot: StateSnapshot, marks: Marks): Known {
    known = { snapshot, marks, checkedAtMs: performance.now() }
    isStale = false
    return known
  }

  async function read(): Promise<StateSnapshot> {
    const inMemory = fresh()
    if (inMemory !== undefined) return inMemory.snapshot
    await admission.read()
    for (let reads = 1; reads <= READS_IN_A_ROW; reads += 1) {
      const before = known
      const isWritten = before !== undefined && before.snapshot.generation !== ABSENT
      const head = await bucket.head(object, isWritten ? before.snapshot.generation : undefined)
      if (head === 'unchanged' && before !== undefined)
        return remember(before.snapshot, before.marks).snapshot
      if (head === undefined || head === 'unchanged') {
        const versions = before === undefined ? await bucket.list(object, { versions: true }) : []
        const others = versions.filter(({ name }) => name === object)
        // Made between the two questions.
        if (others.some(({ replacedAt }) => replacedAt === null)) continue
        if (isWritten || others.length > 0)
          // To go on from nothing would forget in silence what was learned.
          throw new ConfigError(
            `${path} has vanished. Run "npx runner-bandit rebuild" to make it anew from the log.`,
          )
        return remember({ generation: ABSENT, state: EMPTY_STATE, updatedAt: null, resetAt: 0 }, NO_MARKS)
          .snapshot
      }
      const bytes = await bucket.content(object, head.generation)
      // Replaced since, in a bucket that keeps no versions.
      if (bytes === undefined) continue
      return remember(await understood(head, bytes), marksOf(head)).snapshot
    }
    throw new TransientError(`${path} changes faster than it can be read`)
  }

  async function understood(head: Head, bytes: Uint8Array): Promise<StateSnapshot> {
    const { generation, createdAt: updatedAt } = head
    const state = legible(path, bytes)
    if (state !== undefined) return { generation, state, updatedAt, resetAt: await epochOf(head) }
    const before = await previousContent(bucket, object, marksOf(head).resetAt)
    if (before === undefined)
      throw new ConfigError(
        `${path} cannot be understood, and no version before it either. Run "npx runner-bandit rebuild" to make it anew from the log.`,
      )
    log.warning('state.garbled', { object, generation, used_generation: before.generation })
    return { generation, state: before.state, updatedAt, resetAt: before.resetAt }
  }

  /** That of the version before, when who put the object there did not say, or it is gone. */
  async function epochOf(head: Head | undefined): Promise<Instant> {
    const own = head && marksOf(head).resetAt
    if (own !== undefined) return own
    const [before] = await versionsBefore(bucket, object)
    return before === undefined ? 0 : (marksOf(before).resetAt ?? 0)
  }

  /** The present generation and what is marked on it, whatever the content is. */
  async function present(): Promise<Present> {
    const head = await bucket.head(object)
    const marks = head === undefined ? NO_MARKS : marksOf(head)
    return { generation: head?.generation ?? ABSENT, marks, resetAt: await epochOf(head), head }
  }

  /** What a write is based on: from memory when nobody is marked on it who may have gone since. */
  async function baseOf(ifGeneration: string) {
    if (known !== undefined && !isStale && known.snapshot.generation === ifGeneration) {
      const { marks, snapshot } = known
      if (marks.heldUntil === null && marks.sealedBy === undefined)
        return { generation: ifGeneration, marks, resetAt: snapshot.resetAt }
    }
    const base = await present()
    if (base.head !== undefined && base.generation === ifGeneration)
      refuseNewer(path, (await bucket.content(object, ifGeneration)) ?? new Uint8Array())
    return base
  }

  async function write(state: BanditState, ifGeneration: string, newEpoch?: Instant): Promise<StateSnapshot> {
    await admission.write()
    const base = await baseOf(ifGeneration)
    if (base.generation !== ifGeneration || (heldGeneration ?? ifGeneration) !== ifGeneration) {
      isStale ||= base.generation !== known?.snapshot.generation
      const why = heldGeneration === undefined ? '' : '; the hold on it had run out'
      throw new ConflictError(`${path} is at generation ${base.generation}, not ${ifGeneration}${why}`)
    }
    refuseMarked(base.marks)
    const resetAt = newEpoch ?? base.resetAt
    try {
      const metadata = metadataOf({ resetAt })
      const head = await bucket.put(object, encodeState(state), { ifGeneration, metadata })
      heldGeneration = undefined
      const { generation, createdAt: updatedAt } = head
      return remember({ generation, state, updatedAt, resetAt }, marksOf(head)).snapshot
    } catch (error) {
      // Also after a time-out: whether it was written is not known.
      isStale = true
      throw error
    }
  }

  /** Who is refused so has its message redelivered. */
  function refuseMarked({ heldUntil, holder: other, sealedBy }: Marks): void {
    if (sealedBy !== undefined)
      throw new TransientError(
        `${path} is sealed: the state is being divided anew. If nobody is at it, run "npx runner-bandit reshard" again.`,
      )
    if (heldUntil !== null && heldUntil > clock.now() && other !== holder)
      throw new TransientError(`${path} is held by an operation until ${new Date(heldUntil).toISOString()}`)
  }

  async function content(): Promise<Uint8Array | undefined> {
    for (let reads = 1; reads <= READS_IN_A_ROW; reads += 1) {
      const head = await bucket.head(object)
      if (head === undefined) return undefined
      const bytes = await bucket.content(object, head.generation)
      if (bytes !== undefined) return bytes
    }
    throw new TransientError(`${path} changes faster than it can be read`)
  }

  let isLooking = false
  /** Has a newer content fetched, without anybody waiting for it. */
  function look(): void {
    if (isLooking || pollAfterMs === Number.POSITIVE_INFINITY || fresh() !== undefined) return
    isLooking = true
    inTurn(read)
      .catch((error: Error) => log.warning('state.unread', { object, reason: error.message }))
      .finally(() => {
        isLooking = false
      })
  }

  return {
    read: async () => fresh()?.snapshot ?? inTurn(read),
    bytes: content,
    async generation() {
      const present = (await bucket.head(object))?.generation ?? ABSENT
      if (present !== known?.snapshot.generation) isStale = true
      return present
    },
    write: (state, ifGeneration, { resetAt } = {}) => inTurn(() => write(state, ifGeneration, resetAt)),
    backup: () => inTurn(() => backUp(bucket, object, clock.now())),
    latest() {
      look()
      return known?.snapshot
    },
    hold: (until) =>
      inTurn(async () => {
        await admission.write()
        const held = await takeHold({ bucket, object, until, holder, present, refuse: refuseMarked, rng })
        heldGeneration = held.generation
        isStale = true
      }),
    release: () =>
      inTurn(async () => {
        const generation = heldGeneration
        heldGeneration = undefined
        if (generation === undefined) return
        isStale = true
        try {
          await bucket.mark(object, { held_until: null, holder: null }, generation)
        } catch (error) {
          // A conflict: it had run out, and somebody wrote. Anything else: it will run out.
          if (!(error instanceof ConflictError))
            log.warning('hold.left', { object, reason: (error as Error).message })
        }
      }),
  }
}
