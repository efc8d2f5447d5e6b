/**
 * reshard: the state is divided into another number of shards.
 *
 * Called by: the command line, before functions with that number are deployed. Reads and writes: the state.
 * Repetition: goes on where it was cut off, or finds nothing to do. Learners of either number are refused meanwhile,
 * and their messages come again.
 */
import { mergeNewestEpoch } from '../shared/domain/merge-shards.ts'
import { splitShards } from '../shared/domain/split-shards.ts'
import { totalObservations } from '../shared/domain/state.ts'
import type { Deps } from '../shared/runtime/handler.ts'

export type ReshardReport = {
  shards: number
  /** How many there were; null when there were as many already. */
  before: number | null
  observations: number | null
}

export async function reshard(
  { shards }: { shards: number },
  { layout, settings, log }: Pick<Deps, 'layout' | 'settings' | 'log'>,
): Promise<ReshardReport> {
  const resharding = await layout.begin(shards)
  if (resharding === undefined) return { shards, before: null, observations: null }
  const sealed = await resharding.seal()
  const { state, resetAt } = mergeNewestEpoch(sealed, settings.lateAfterMs)
  await resharding.write(splitShards(state, shards), resetAt)
  await resharding.end()
  const report = { shards, before: resharding.from, observations: totalObservations(state) }
  log.info('state.resharded', report)
  return report
}
