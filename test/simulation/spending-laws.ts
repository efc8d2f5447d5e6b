/** What goes wrong with spending, drawn by fast-check, and the laws that hold all the same. */
import fc from 'fast-check'
import { CALM, type Flaw, HOUR, MINUTE, playedWorld, type Step, type Tick } from './spending.ts'

const DAY = 24 * HOUR
export const RULES =
  'max_starts_per_day: 5, max_eur_per_day: 1.6, cooldown_minutes: 20, stop_after_idle_minutes: 5'

const tick: fc.Arbitrary<Tick> = fc.record({
  gitlab: fc.oneof(
    { weight: 6, arbitrary: fc.constant('fine' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom('down', 'half', 'none waits', 'all wait', 'garbage', 'slow' as const),
    },
  ),
  vms: fc.oneof(
    { weight: 6, arbitrary: fc.constant('fine' as const) },
    {
      weight: 4,
      arbitrary: fc.constantFrom('unavailable', 'request lost', 'answer lost', 'late', 'silent' as const),
    },
  ),
  diesAt: fc.option(fc.nat({ max: 7 }), { nil: null, freq: 1 }),
  isWarehouseDown: fc.nat({ max: 9 }).map((chance) => chance === 0),
})

export const step: fc.Arbitrary<Step> = fc.record({
  minutes: fc.integer({ min: 1, max: 3 }),
  jumpMs: fc.oneof(
    { weight: 60, arbitrary: fc.constant(0) },
    { weight: 1, arbitrary: fc.constantFrom(7 * MINUTE, -7 * MINUTE, HOUR, -HOUR, DAY, -DAY, 40 * DAY) },
  ),
  ticks: fc.array(tick, { minLength: 1, maxLength: 3 }),
  jobsCome: fc.nat({ max: 5 }).map((chance) => chance === 0),
  isSwitchedOff: fc.nat({ max: 20 }).map((chance) => chance === 0),
})

/** The laws, as counted by the played provider in real time. */
export async function findings(
  steps: readonly Step[],
  { flaw = 'none' as Flaw, seen = { steps: 0, starts: 0, stops: 0 } } = {},
): Promise<string[]> {
  const world = playedWorld({ flaw, rules: RULES })
  const { starts, rules } = world
  const found: string[] = []
  for (const [index, one] of steps.entries()) {
    // Once in a while a tick gets through to the provider: who never does cannot stop anything.
    const ticks =
      index % 4 === 3 ? [...one.ticks, { ...CALM, gitlab: one.ticks[0]?.gitlab ?? 'fine' }] : one.ticks
    await world.step({ ...one, ticks })
    const eur = world.eurOfDay()
    if (eur > rules.maxEurPerDay) found.push(`${eur} EUR in 24 hours`)
    const today = starts.filter(({ realMs }) => world.now() - realMs < DAY).length
    if (today > rules.maxStartsPerDay) found.push(`${today} starts in 24 hours`)
  }
  for (const [index, { requestId, realMs }] of starts.entries()) {
    const before = starts[index - 1]
    if (before !== undefined && realMs - before.realMs < rules.cooldownMs)
      found.push(`${requestId} came ${(realMs - before.realMs) / MINUTE} minutes after ${before.requestId}`)
  }
  seen.steps += steps.length
  seen.starts += starts.length
  seen.stops += world.stops.length
  return [...found, ...world.faults]
}
