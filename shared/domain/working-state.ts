/** A state that is being made: a copy that changes in place, while the one it was made of stays as it was. */
import type { JobsByProject } from './folded.ts'
import { hourOf } from './folded.ts'
import { type ArmSums, type BanditState, type CellSums, NO_ARM_SUMS, NO_CELL_SUMS } from './state.ts'

export type Working = {
  arms: Map<string, ArmSums>
  cells: Map<string, Map<string, CellSums>>
  folded: Map<number, Map<string, number[]>>
  newestFinishAt: number | null
}

/** Copies the outer maps only; what is in them is copied when first changed. */
export function workingCopy(state: BanditState): Working {
  return {
    arms: new Map(state.arms),
    cells: new Map(state.cells) as Working['cells'],
    folded: new Map(state.folded) as Working['folded'],
    newestFinishAt: state.newestFinishAt,
  }
}

/** A map, and those of its values that were copied already and so may change in place. */
export type Draft<K, V, D = V> = { map: Map<K, V>; mine: Map<K, D> }

export const draftOf = <K, V, D = V>(map: Map<K, V>): Draft<K, V, D> => ({ map, mine: new Map() })

/** What stands under `key`, to be changed in place: copied, or made, before its first change. */
export function own<K, V>({ map, mine }: Draft<K, V>, key: K, copy: (value?: V) => V): V {
  let value = mine.get(key)
  if (value === undefined) {
    value = copy(map.get(key))
    map.set(key, value)
    mine.set(key, value)
  }
  return value
}

/** As `own`, for a map in the map. */
export function ownMap<K, L, V>({ map, mine }: Draft<K, Map<L, V>, Draft<L, V>>, key: K): Draft<L, V> {
  let draft = mine.get(key)
  if (draft === undefined) {
    draft = draftOf(new Map(map.get(key)))
    map.set(key, draft.map)
    mine.set(key, draft)
  }
  return draft
}

export const copyList = (list?: number[]): number[] => list?.slice() ?? []
export const copyArmSums = (sums: ArmSums = NO_ARM_SUMS): ArmSums => ({ ...sums })
export const copyCellSums = (sums: CellSums = NO_CELL_SUMS): CellSums => ({ ...sums })

/** The drafts of every part of a state that is being made. */
export function draftsOf({ arms, cells, folded }: Working) {
  return {
    arms: draftOf(arms),
    cells: draftOf<string, Map<string, CellSums>, Draft<string, CellSums>>(cells),
    folded: draftOf<number, Map<string, number[]>, Draft<string, number[]>>(folded),
  }
}

export type Drafts = ReturnType<typeof draftsOf>

const MS_PER_DAY = 86_400_000
/**
 * Ids outlive the lateness window by this much. Lateness is decided once, at admission; a message admitted just
 * in time may still be redelivered until its subscription gives up on it, and its id has to be there then.
 */
export const REDELIVERY_ALLOWANCE_MS = MS_PER_DAY

/** @param index loses the same ids. */
export function forgetOldIds(
  sums: Working,
  drafts: Drafts,
  lateAfterMs: number,
  index?: JobsByProject,
): void {
  if (sums.newestFinishAt === null) return
  const oldestHour = hourOf(sums.newestFinishAt - lateAfterMs - REDELIVERY_ALLOWANCE_MS)
  for (const [hour, projects] of sums.folded) {
    if (hour >= oldestHour) continue
    sums.folded.delete(hour)
    drafts.folded.mine.delete(hour)
    if (index === undefined) continue
    for (const [project, ids] of projects) {
      const jobs = index.get(project)
      for (const id of ids) jobs?.delete(id)
      if (jobs?.size === 0) index.delete(project)
    }
  }
}
