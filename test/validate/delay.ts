/**
 * Feedback that comes late: ten items, one of which is replaced by a new one now and then, and outcomes that are told in
 * batches. Source: Chapelle, Li (2011), section 4 and table 1.
 */
import type { MakePlayer } from './player.ts'
import type { Sampler } from './sampling.ts'

const ITEMS = 10
const RETIRES = 1e-3
const CHANCES = { wins: 4, losses: 4 }

/** @param delay outcomes are told after each so many plays. */
export function delayedRegret(make: MakePlayer, delay: number, plays: number, sampler: Sampler): number {
  const freshChance = () => sampler.beta(CHANCES.wins, CHANCES.losses)
  const chances = Array.from({ length: ITEMS }, freshChance)
  const player = make(ITEMS, sampler)
  let best = Math.max(...chances)
  let untold: { item: number; won: boolean }[] = []
  let regret = 0
  for (let played = 1; played <= plays; played += 1) {
    if (sampler.chance(RETIRES)) {
      const retired = sampler.index(ITEMS)
      chances[retired] = freshChance()
      best = Math.max(...chances)
      player.forget(retired)
      // What its place has yet to tell is of another item.
      untold = untold.filter(({ item }) => item !== retired)
    }
    const item = player.pick()
    const chance = chances[item] as number
    regret += best - chance
    untold.push({ item, won: sampler.chance(chance) })
    if (played % delay !== 0) continue
    for (const outcome of untold) player.learn(outcome.item, outcome.won)
    untold = []
  }
  return regret
}
