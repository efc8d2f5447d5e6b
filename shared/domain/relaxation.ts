/** What could be done when no arm may take a job: which rules to lift, and one sentence about why it is so. */
import type { RefusalCode } from './constraint.ts'
import type { Refusal } from './refusal.ts'

/** Lifting `lifted`, and nothing less of it, makes `arms` feasible; codes in the order of the rules. */
export type Relaxation = { lifted: RefusalCode[]; arms: string[] }

const MOST = 5
/** No rule says so, but what is not known or not there. */
const NOT_LIFTABLE: ReadonlySet<RefusalCode> = new Set(['tags_unknown', 'unmanaged', 'no_routing_tag'])

/**
 * The sets of rules whose lifting would make an arm feasible, none containing another; the smallest first, then those
 * that free most arms. An arm is free as soon as all that stands in the way of one of its runners is lifted, so the
 * sets wanted are the minimal ones of what stands in the way of any runner.
 */
export function relaxationsOf(
  refused: readonly Pick<Refusal, 'arm' | 'obstacles'>[],
  most = MOST,
): Relaxation[] {
  const found = new Map<string, { lifted: readonly RefusalCode[]; arms: Set<string> }>()
  for (const { arm, obstacles } of refused) {
    for (const lifted of obstacles) {
      if (lifted.length === 0 || lifted.some((code) => NOT_LIFTABLE.has(code))) continue
      const key = lifted.join('\n')
      const known = found.get(key) ?? { lifted, arms: new Set() }
      found.set(key, known)
      known.arms.add(arm)
    }
  }
  const all = [...found.values()].sort(
    (a, b) => a.lifted.length - b.lifted.length || b.arms.size - a.arms.size,
  )
  const minimal: { lifted: readonly RefusalCode[]; arms: Set<string> }[] = []
  for (const one of all) {
    if (minimal.length === most) break
    if (!minimal.some(({ lifted }) => lifted.every((code) => one.lifted.includes(code)))) minimal.push(one)
  }
  return minimal.map(({ lifted, arms }) => ({ lifted: [...lifted], arms: [...arms] }))
}
