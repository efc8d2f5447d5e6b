/** What would have changed a pick, against UCB1 written anew and tried out: a little more flips it, a little less does not. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Statistics, statisticsOf } from '../../../shared/domain/explanation.ts'
import { MOST_JOBS } from '../../../shared/domain/explanation-change.ts'
import { recordedArm, recordedDecision } from '../../support/recorded-decision.ts'

type Arm = { arm: string; n: number; mean: number; penalty: number }
type Fleet = { arms: readonly Arm[]; t: number }

const scoreOf = ({ n, mean, penalty }: Arm, t: number) =>
  n === 0 ? Number.POSITIVE_INFINITY : mean + 2 * Math.sqrt(Math.log(t) / n) - penalty

/** The best score; of equals the one with the smaller penalty, then the first by name. */
function pickOf({ arms, t }: Fleet): string {
  const [best] = [...arms].sort((a, b) => {
    const [of, against] = [scoreOf(a, t), scoreOf(b, t)]
    return of === against ? a.penalty - b.penalty || (a.arm < b.arm ? -1 : 1) : against - of
  })
  return best?.arm as string
}

const changed = ({ arms, t }: Fleet, name: string, change: (arm: Arm) => Partial<Arm>, more = 0): Fleet => ({
  arms: arms.map((arm) => (arm.arm === name ? { ...arm, ...change(arm) } : arm)),
  t: t + more,
})
const withMean = (fleet: Fleet, name: string, by: number) =>
  changed(fleet, name, ({ mean }) => ({ mean: mean + by }))
const withJobs = (fleet: Fleet, name: string, jobs: number) =>
  changed(fleet, name, ({ n }) => ({ n: n + jobs }), jobs)

const armArb = fc.record({
  n: fc.oneof(fc.nat(5), fc.nat(400)),
  mean: fc.integer({ min: 0, max: 1000 }).map((hundredths) => hundredths / 100),
  penalty: fc.constantFrom(0, 0, 0, 0.5),
})

const fleetArb: fc.Arbitrary<Fleet> = fc
  .tuple(fc.array(armArb, { minLength: 2, maxLength: 6 }), fc.nat(300))
  .map(([arms, elsewhere]) => ({
    arms: arms.map((arm, index) => ({ ...arm, arm: `r${index}`, mean: arm.n === 0 ? 0 : arm.mean })),
    t: elsewhere + arms.reduce((sum, { n }) => sum + n, 0),
  }))

/** As `recommend` records it, with scores and means, or without means as before; or as `shadow` does, without scores. */
function explained({ arms, t }: Fleet, recorded: 'all' | 'scores' | 'means'): Statistics {
  return statisticsOf(
    recordedDecision({
      arm: pickOf({ arms, t }),
      feasible: arms.map((arm) =>
        recordedArm({
          arm: arm.arm,
          observations: arm.n,
          penalty: arm.penalty,
          meanReward: recorded === 'scores' ? null : arm.mean,
          score: recorded === 'means' || arm.n === 0 ? null : scoreOf(arm, t),
        }),
      ),
      state: { generation: 'g', asOfAt: null, observations: t },
    }),
  )
}

const recordedArb = fc.constantFrom('all' as const, 'scores' as const, 'means' as const)
/** Far above rounding, far below what anyone sees. */
const LITTLE = 1e-7

describe('for any fleet', () => {
  test('the first arm is the pick, and each score is the sum of its parts', () => {
    fc.assert(
      fc.property(fleetArb, recordedArb, (fleet, recorded) => {
        const { arms } = explained(fleet, recorded)
        expect(arms[0]?.arm).toBe(pickOf(fleet))
        for (const { arm, observations, meanReward, bonus, score, penalty } of arms) {
          const known = fleet.arms.find((one) => one.arm === arm) as Arm
          if (observations === 0) expect([meanReward, bonus, score]).toEqual([null, null, null])
          else {
            expect(meanReward).toBeCloseTo(known.mean, 9)
            expect(score).toBeCloseTo(scoreOf(known, fleet.t), 9)
            expect((meanReward as number) + (bonus as number) - penalty).toBeCloseTo(score as number, 9)
          }
        }
      }),
    )
  })

  test('the mean rewards that would change the pick change it, and a little less does not', () => {
    fc.assert(
      fc.property(fleetArb, recordedArb, (fleet, recorded) => {
        const { nextBest } = explained(fleet, recorded)
        if (nextBest === null) throw new Error('UCB1 has a next best')
        const { pick, runnerUp, gap, rise, fall } = nextBest
        expect(pick).toBe(pickOf(fleet))
        const meanOf = (name: string) => fleet.arms.find(({ arm }) => arm === name) as Arm
        if (gap === null) {
          expect(meanOf(pick).n === 0 || meanOf(runnerUp).n === 0).toBe(true)
          expect([rise, fall]).toEqual([null, null])
          return
        }
        expect(pickOf(withMean(fleet, runnerUp, gap + LITTLE))).toBe(runnerUp)
        expect(pickOf(withMean(fleet, pick, -gap - LITTLE))).toBe(runnerUp)
        if (gap > LITTLE) {
          expect(pickOf(withMean(fleet, runnerUp, gap - LITTLE))).toBe(pick)
          expect(pickOf(withMean(fleet, pick, LITTLE - gap))).toBe(pick)
        }
        // A mean reward is in [0, 10].
        const edge = 1e-9
        if (Math.abs(meanOf(runnerUp).mean + gap - 10) > edge)
          expect(rise).toBe(meanOf(runnerUp).mean + gap > 10 ? null : gap)
        if (Math.abs(meanOf(pick).mean - gap) > edge) expect(fall).toBe(meanOf(pick).mean < gap ? null : gap)
      }),
    )
  })

  test('so many more jobs of the pick change it, and not one job less', () => {
    fc.assert(
      fc.property(fleetArb, fc.nat(), (fleet, somewhere) => {
        const { change } = explained(fleet, 'all')
        const pick = pickOf(fleet)
        const { n } = fleet.arms.find(({ arm }) => arm === pick) as Arm
        if (n === 0) {
          expect(change?.moreJobs).toBeNull()
          return
        }
        const { moreJobs } = change ?? {}
        if (moreJobs == null) {
          for (const jobs of [1, 10, somewhere % MOST_JOBS, MOST_JOBS])
            expect(pickOf(withJobs(fleet, pick, jobs))).toBe(pick)
          return
        }
        expect(pickOf(withJobs(fleet, pick, moreJobs.jobs))).toBe(moreJobs.arm)
        expect(moreJobs.arm).not.toBe(pick)
        const before = Array.from({ length: Math.min(moreJobs.jobs, 200) }, (_, jobs) => jobs)
        for (const jobs of [...before, somewhere % moreJobs.jobs, moreJobs.jobs - 1])
          expect(pickOf(withJobs(fleet, pick, jobs))).toBe(pick)
      }),
    )
  })

  test('one more failure of the pick does what is said', () => {
    fc.assert(
      fc.property(fleetArb, (fleet) => {
        const pick = pickOf(fleet)
        const failed = changed(fleet, pick, ({ n, mean }) => ({ n: n + 1, mean: (n * mean) / (n + 1) }), 1)
        expect(explained(fleet, 'all').change?.afterFailure).toBe(pickOf(failed))
      }),
    )
  })
})

test('by hand: of two arms with one job each the better stays for some jobs', () => {
  // t = 2, ln 2 = 0.693: a 1.0 + 1.665, b 0.5 + 1.665, a gap of 0.5. One more job: ln 3 = 1.0986, a 1 + 2·sqrt(1.0986 / 2)
  // = 2.482, b 0.5 + 2·sqrt(1.0986) = 2.596.
  const arms = [
    { arm: 'a', n: 1, mean: 1, penalty: 0 },
    { arm: 'b', n: 1, mean: 0.5, penalty: 0 },
  ]
  const { nextBest, change } = explained({ arms, t: 2 }, 'all')
  expect(nextBest).toMatchObject({ pick: 'a', runnerUp: 'b' })
  expect(nextBest?.gap).toBeCloseTo(0.5, 12)
  expect(change).toEqual({ moreJobs: { jobs: 1, arm: 'b' }, afterFailure: 'b' })
})

describe('nothing is said to change', () => {
  const two = [
    recordedArm({ arm: 'a', observations: 5, meanReward: 1, score: 3, probability: 0.5 }),
    recordedArm({ arm: 'b', observations: 5, meanReward: 1, score: 2, probability: 0.5 }),
  ]
  const state = { generation: 'g', asOfAt: null, observations: 10 }

  test.each(['thompson', 'uniform', 'a policy of later'])('by %s, which draws', (policy) => {
    const { arms, nextBest, change } = statisticsOf(recordedDecision({ policy, feasible: two, state }))
    expect([arms.map(({ bonus }) => bonus), nextBest, change]).toEqual([[null, null], null, null])
  })

  test('where there is one arm', () => {
    expect(statisticsOf(recordedDecision({ feasible: two.slice(0, 1), state }))).toMatchObject({
      nextBest: null,
      change: null,
    })
  })

  test.each(['ucb1-tuned', 'greedy'])(
    'by more jobs on the pick of %s, of which the spread counts',
    (policy) => {
      const { nextBest, change } = statisticsOf(recordedDecision({ policy, feasible: two, state }))
      expect([nextBest?.gap, change]).toEqual([1, null])
    },
  )

  test('by more jobs where another version of UCB1 picked', () => {
    const decision = recordedDecision({ policyVersion: '2', feasible: two, state })
    expect(statisticsOf(decision)).toMatchObject({ nextBest: { gap: 1 }, change: null })
  })
})
