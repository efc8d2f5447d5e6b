/** When runners are gone: they finish what they have, and start nothing. */
import { type Chance, STREAM } from './chance.ts'
import { DAY_MS, type World } from './world.ts'

export type Outage = { arm: number; fromMs: number; toMs: number }

const SHORTEST_HOURS = 0.5
const LONGEST_HOURS = 4
const MS_PER_HOUR = 3_600_000

/** At most one begins on a day, at an even hour of it; two may overlap. */
export function outagesOf({ arms }: World, chance: Chance, days: number): Outage[] {
  return arms.flatMap(({ outagesPerDay }, arm) =>
    Array.from({ length: days }, (_, day) => day)
      .filter((day) => chance(STREAM.outage, arm, day) < outagesPerDay)
      .map((day) => {
        const fromMs = Math.floor((day + chance(STREAM.outageFrom, arm, day)) * DAY_MS)
        const hours =
          SHORTEST_HOURS + (LONGEST_HOURS - SHORTEST_HOURS) * chance(STREAM.outageLength, arm, day)
        return { arm, fromMs, toMs: Math.floor(fromMs + hours * MS_PER_HOUR) }
      }),
  )
}
