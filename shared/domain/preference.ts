/** Preferences: what soft rules cost an arm that does not meet them. */
import { isSet } from './bits.ts'
import { type Judgement, type SoftDemand, unmetOf } from './judgement.ts'

export type Preference = {
  /** The weights of the unmet rules together, >= 0: in reward, as scores are. */
  penalty: number
  /** Their names, in the order of the file. */
  unmet: string[]
}

/** Undefined when the arm leaves no soft rule unmet. */
export function preferenceOf({ soft, hard }: Judgement, start: number, end: number): Preference | undefined {
  const unmet = end - start === 1 ? unmetOf(soft, start) : unmetOfPool({ soft, hard }, start, end)
  if (unmet.length === 0) return undefined
  return {
    penalty: unmet.reduce((sum, { rule }) => sum + rule.weight, 0),
    unmet: unmet.map(({ rule }) => rule.name),
  }
}

/** A rule that each runner has to meet is unmet when one does not; another when none of those does that fit. */
function unmetOfPool(
  { soft, hard }: Pick<Judgement, 'soft' | 'hard'>,
  start: number,
  end: number,
): SoftDemand[] {
  const runners = Array.from({ length: end - start }, (_, index) => start + index)
  const fitting = runners.filter((runner) => !isSet(hard.unmetAny, runner))
  return soft.asked.filter(({ ofPool }, index) => {
    const isUnmet = (runner: number) => isSet(soft.unmet[index] as Uint32Array, runner)
    return ofPool === 'each' ? runners.some(isUnmet) : fitting.length > 0 && fitting.every(isUnmet)
  })
}
