/** Arms that win or lose with chances of their own, and what is lost by not always taking the best. */
import type { MakePlayer } from './player.ts'
import type { Sampler } from './sampling.ts'

const times = (count: number, chance: number) => Array.from({ length: count }, () => chance)

/** The distributions of Auer, Cesa-Bianchi, Fischer (2002), section 4, by their number there. */
export const AUER: Readonly<Record<number, readonly number[]>> = {
  2: [0.9, 0.8],
  3: [0.55, 0.45],
  11: [0.9, ...times(9, 0.6)],
  12: [0.9, ...times(3, 0.8), ...times(3, 0.7), ...times(3, 0.6)],
  13: [0.9, ...times(9, 0.8)],
  14: [0.55, ...times(9, 0.45)],
}

/** After how many plays what was won is told next; `untold` plays are waiting, of `played`. */
export type Schedule = (untold: number, played: number) => boolean

/** Each outcome is told before the next play. */
export const atOnce: Schedule = () => true
/** As soon as what is new is a hundredth of what was told: a thousand times in 100,000 plays. */
export const byHundredths: Schedule = (untold, played) => untold * 100 >= played

/** Σ (best chance − chance of the arm that was played). The best arm stands in any place: ties are nobody's luck. */
export function regretOf(
  make: MakePlayer,
  chances: readonly number[],
  plays: number,
  sampler: Sampler,
  isTold = atOnce,
): number {
  const turn = sampler.index(chances.length)
  const turned = chances.map((_, place) => chances[(place + turn) % chances.length] as number)
  const best = Math.max(...chances)
  const player = make(chances.length, sampler)
  const untold: { arm: number; won: boolean }[] = []
  let regret = 0
  for (let played = 1; played <= plays; played += 1) {
    const arm = player.pick()
    const chance = turned[arm] as number
    regret += best - chance
    untold.push({ arm, won: sampler.chance(chance) })
    if (!isTold(untold.length, played)) continue
    for (const outcome of untold) player.learn(outcome.arm, outcome.won)
    untold.length = 0
  }
  return regret
}
