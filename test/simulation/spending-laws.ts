/** What goes wrong with spending, drawn by fast-check, and the laws that hold all the same. */
import fc from 'fast-check'
import { HOUR, MINUTE } from './played-provider.ts'
import { CALM, type Flaw, playedWorld, type Step, type Tick } from './spending.ts'

const DAY = 24 * HOUR
/** How far the clocks of those who make ticks are apart. */
const APART_MS = 4 * MINUTE
export const RULES =
  'max_starts_per_day: 5, max_eur_per_day: 1.6, cooldown_minutes: 20, stop_after_idle_minutes: 5'
/** So little that one machine that is not watched soon passes it. */
const POOR = RULES.replace('1.6', '0.4')

/** A world from its beginning on. */
export type Life = { rules: string; steps: readonly Step[] }

/** So often as told, and else the first. */
const rarely = <T>(percent: number, usual: T, ...others: readonly T[]): fc.Arbitrary<T> =>
  fc.oneof(
    { weight: 100 - percent, arbitrary: fc.constant(usual) },
    { weight: percent, arbitrary: fc.constantFrom(...others) },
  )

const calm: { [Part in keyof Tick]: fc.Arbitrary<Tick[Part]> } = {
  gitlab: fc.constant('fine'),
  vms: fc.constant('fine'),
  tells: fc.constant('the truth'),
  apartMs: fc.constant(0),
  diesAt: fc.constant(null),
  isWarehouseDown: fc.constant(false),
}
const gitlab = rarely<Tick['gitlab']>(40, 'fine', 'down', 'half', 'none waits', 'all wait', 'garbage', 'slow')
const vms = rarely<Tick['vms']>(
  40,
  'fine',
  'unavailable',
  'request lost',
  'answer lost',
  'late',
  'silent',
  'refused',
)
const tells = rarely<Tick['tells']>(20, 'the truth', 'stopped', 'running', 'missing')
const chance = (percent: number) => rarely(percent, false, true)

type Trouble = {
  rules: string
  ticks: Partial<typeof calm>
  step: Partial<{ [Part in keyof Step]: fc.Arbitrary<Step[Part]> }>
}

const EVERYTHING: Trouble = {
  rules: RULES,
  ticks: {
    ...{ gitlab, vms, tells, isWarehouseDown: chance(10) },
    diesAt: fc.option(fc.nat({ max: 7 }), { nil: null, freq: 1 }),
  },
  step: {
    jumpMs: rarely(2, 0, 12 * MINUTE, -12 * MINUTE, HOUR, -HOUR, DAY, -DAY, 40 * DAY),
    jobsCome: chance(20),
    isSwitchedOff: chance(5),
  },
}
/** One trouble alone, and more of it: what one hides another would have shown. */
const TROUBLES: readonly Trouble[] = [
  EVERYTHING,
  { ...EVERYTHING, ticks: { ...EVERYTHING.ticks, tells: calm.tells }, step: { jobsCome: chance(20) } },
  { rules: POOR, ticks: { tells: rarely(70, 'the truth', 'stopped') }, step: {} },
  {
    rules: POOR,
    ticks: { vms: rarely(70, 'fine', 'refused', 'refused', 'late', 'silent'), tells },
    step: {},
  },
  { rules: POOR, ticks: {}, step: { becomes: rarely(10, null, 'without a token', 'renamed', 'removed') } },
  {
    rules: RULES.replace('1.6', '16'),
    ticks: { apartMs: fc.constantFrom(0, -APART_MS / 2, -APART_MS) },
    step: { isSwitchedOff: chance(30) },
  },
]

/** @param longest of a life, in steps. */
export const livesOf = (longest: number): fc.Arbitrary<Life> =>
  fc.oneof(
    ...TROUBLES.map(({ rules, ticks, step }) => {
      const one: fc.Arbitrary<Step> = fc.record({
        minutes: fc.integer({ min: 1, max: 3 }),
        jumpMs: fc.constant(0),
        ticks: fc.array(fc.record({ ...calm, ...ticks }), { minLength: 1, maxLength: 3 }),
        jobsCome: fc.constant(true),
        isSwitchedOff: fc.constant(false),
        becomes: fc.constant(null),
        ...step,
      })
      return fc.record({
        rules: fc.constant(rules),
        steps: fc.array(one, { minLength: 60, maxLength: longest }),
      })
    }),
  )

/** The laws, as counted by the played provider in real time. */
export async function findings(
  { rules: written, steps }: Life,
  { flaw = 'none' as Flaw, seen = { steps: 0, starts: 0, stops: 0 } } = {},
): Promise<string[]> {
  const world = playedWorld({ flaw, rules: written })
  const { starts, rules, provider } = world
  const found: string[] = []
  for (const [index, one] of steps.entries()) {
    // Once in a while a tick gets through to the provider: who never does cannot stop anything.
    const ticks =
      index % 4 === 3 ? [...one.ticks, { ...CALM, gitlab: one.ticks[0]?.gitlab ?? 'fine' }] : one.ticks
    await world.step({ ...one, ticks })
    const eur = provider.eurOfDay()
    if (eur > rules.maxEurPerDay) found.push(`${eur} EUR in 24 hours`)
    const today = starts.filter(({ realMs }) => world.now() - realMs < DAY).length
    if (today > rules.maxStartsPerDay) found.push(`${today} starts in 24 hours`)
  }
  for (const [index, { requestId, realMs }] of starts.entries()) {
    const before = starts[index - 1]
    if (before === undefined) continue
    // A clock that is ahead by less than a look may be late is not told from time that passed, once after each jump.
    const jumps = world.jumps.filter((jumpMs) => jumpMs >= before.realMs && jumpMs <= realMs).length
    if (realMs - before.realMs < rules.cooldownMs - APART_MS * (1 + jumps))
      found.push(`${requestId} came ${(realMs - before.realMs) / MINUTE} minutes after ${before.requestId}`)
  }
  seen.steps += steps.length
  seen.starts += starts.length
  seen.stops += world.stops.length
  return [...found, ...world.faults]
}
