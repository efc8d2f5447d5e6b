/** The shards of a state as the one state that readers and operations see. */
import type { Instant } from '../domain/event.ts'
import { mergeNewestEpoch } from '../domain/merge-shards.ts'
import { splitShards } from '../domain/split-shards.ts'
import { type BanditState, EMPTY_STATE } from '../domain/state.ts'
import { ConfigError, ConflictError, InvalidInputError } from '../errors.ts'
import type { StateSnapshot, StateStore } from '../ports.ts'
import { decodeState, encodeState } from '../schema/state.ts'
import { toPresentForm } from '../schema/state-version.ts'

const NO_GENERATION = '0'
const BETWEEN = '-'

/**
 * Its generation is those of the shards, joined. It may be written only while nobody writes the shards: they are
 * changed one by one, each on the condition that it is as it was.
 */
export function wholeOf(shards: readonly StateStore[], lateAfterMs: number): StateStore {
  const [only] = shards
  if (only !== undefined && shards.length === 1) return only
  let merged: StateSnapshot | undefined

  function merge(snapshots: readonly StateSnapshot[]): StateSnapshot {
    const generation = joined(snapshots.map((snapshot) => snapshot.generation))
    if (merged?.generation === generation) return merged
    const updatedAts = snapshots.map(({ updatedAt }) => updatedAt).filter((at) => at !== null)
    const updatedAt = updatedAts.length === 0 ? null : Math.max(...updatedAts)
    merged = { generation, updatedAt, ...mergeNewestEpoch(snapshots, lateAfterMs) }
    return merged
  }

  const read = async () => merge(await Promise.all(shards.map((shard) => shard.read())))

  async function bytes(): Promise<Uint8Array | undefined> {
    const contents = await Promise.all(shards.map((shard) => shard.bytes()))
    const written = contents.filter((content) => content !== undefined)
    if (written.length === 0) return undefined
    try {
      const states = contents.map((content) =>
        content === undefined ? EMPTY_STATE : decodeState(toPresentForm(content)),
      )
      const epochs = await Promise.all(shards.map(async (shard) => (await shard.read()).resetAt))
      const stored = states.map((state, index) => ({ state, resetAt: epochs[index] as Instant }))
      return encodeState(mergeNewestEpoch(stored, lateAfterMs).state)
    } catch (error) {
      if (!(error instanceof ConfigError || error instanceof InvalidInputError)) throw error
      // Not what any state is stored as, so whoever compares finds it different.
      return Buffer.concat(written)
    }
  }

  async function write(
    state: BanditState,
    ifGeneration: string,
    options: { resetAt?: Instant | undefined } = {},
  ): Promise<StateSnapshot> {
    const generations =
      ifGeneration === NO_GENERATION ? shards.map(() => NO_GENERATION) : ifGeneration.split(BETWEEN)
    const present = await generation()
    if (generations.length !== shards.length || joined(generations) !== present)
      throw new ConflictError(`the state is at generation ${present}, not ${ifGeneration}`)
    const resetAt = options.resetAt ?? (await epoch())
    const parts = splitShards(state, shards.length)
    // All are waited for, so that none is still being written when the caller goes on.
    const written = await Promise.allSettled(
      shards.map((shard, index) =>
        shard.write(parts[index] as BanditState, generations[index] as string, { resetAt }),
      ),
    )
    const failed = written.find((result) => result.status === 'rejected')
    if (failed !== undefined) throw failed.reason
    return merge(written.map((result) => (result as PromiseFulfilledResult<StateSnapshot>).value))
  }

  /** Undefined where no shard can be understood: each then keeps its own. */
  async function epoch(): Promise<Instant | undefined> {
    const read = await Promise.allSettled(shards.map((shard) => shard.read()))
    const known = read.filter((result) => result.status === 'fulfilled').map(({ value }) => value.resetAt)
    return known.length === 0 ? undefined : Math.max(...known)
  }

  const generation = async () => joined(await Promise.all(shards.map((shard) => shard.generation())))

  return {
    read,
    bytes,
    generation,
    write,
    async backup() {
      const copies = await Promise.all(shards.map((shard) => shard.backup()))
      const made = copies.filter((copy) => copy !== undefined)
      return made.length === 0 ? undefined : made.join(', ')
    },
    latest() {
      const snapshots = shards.map((shard) => shard.latest())
      return snapshots.every((snapshot) => snapshot !== undefined) ? merge(snapshots) : undefined
    },
  }
}

function joined(generations: readonly string[]): string {
  return generations.every((generation) => generation === NO_GENERATION)
    ? NO_GENERATION
    : generations.join(BETWEEN)
}
