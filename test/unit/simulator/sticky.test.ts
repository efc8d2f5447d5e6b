import { expect, test } from 'vitest'
import { defaultWorld, scenarioOf, simulate } from '../../../shared/simulator/index.ts'
import { armsFor, at, startsOf, tiesOf } from './recount.ts'

const world = defaultWorld({ outages: false })
const scenario = scenarioOf(world, 7, 30_000)
const run = simulate(scenario, 'sticky')

/** Who was free, with which weight: from the times of all jobs, and nothing that the logger says. */
function* choices() {
  const lastOf = new Map<number, number>()
  for (const { job, running } of startsOf(scenario, run)) {
    const pipeline = at(scenario.workload.pipeline, job)
    const previous = lastOf.get(pipeline)
    lastOf.set(pipeline, at(run.arm, job))
    const feasible = armsFor(world, at(scenario.workload.key, job))
    const free = feasible.filter((arm) => at(running, arm) < (world.arms[arm]?.slots ?? 0))
    const weights = free.map(
      (arm) => (world.arms[arm]?.pollingWeight ?? 0) * (arm === previous ? world.stickiness : 1),
    )
    const total = weights.reduce((sum, weight) => sum + weight, 0)
    const probabilities = new Map(free.map((arm, place) => [arm, at(weights, place) / total]))
    yield { job, free, previous, probabilities }
  }
}

const bitsOf = (places: number) => places.toString(2).replaceAll('0', '').length

test('the sticky logger records the probability that it drew with, and none of a full runner', () => {
  const ties = tiesOf(run)
  const wrong: object[] = []
  let compared = 0
  for (const { job, free, previous, probabilities } of choices()) {
    if (ties.has(job)) continue
    compared += 1
    const propensity = probabilities.get(at(run.arm, job)) ?? 0
    const previousArm = previous !== undefined && free.includes(previous) ? previous : -1
    const isRecorded =
      Math.abs(at(run.propensity, job) - propensity) < 1e-12 &&
      bitsOf(at(run.notFull, job)) === free.length &&
      at(run.previousArm, job) === previousArm
    if (!isRecorded) wrong.push({ job, propensity, free, previousArm })
  }
  expect(wrong).toEqual([])
  expect(compared).toBeGreaterThan(29_000)
})

test('the sticky logger takes each runner as often as its propensities say', () => {
  const contexts = new Map<
    string,
    { probabilities: Map<number, number>; counts: Map<number, number>; jobs: number }
  >()
  for (const { job, free, previous, probabilities } of choices()) {
    const context = `${free}|${previous !== undefined && free.includes(previous) ? previous : ''}`
    const its = contexts.get(context) ?? { probabilities, counts: new Map(), jobs: 0 }
    const arm = at(run.arm, job)
    its.counts.set(arm, (its.counts.get(arm) ?? 0) + 1)
    its.jobs += 1
    contexts.set(context, its)
  }
  let chiSquare = 0
  let degrees = 0
  for (const { probabilities, counts, jobs } of contexts.values()) {
    const expected = [...probabilities].map(([arm, probability]) => ({ arm, jobs: probability * jobs }))
    if (expected.length < 2 || expected.some((each) => each.jobs < 5)) continue
    degrees += expected.length - 1
    for (const { arm, jobs: mean } of expected) chiSquare += ((counts.get(arm) ?? 0) - mean) ** 2 / mean
  }
  expect(degrees).toBeGreaterThan(200)
  // Within four standard deviations of its mean, by Wilson and Hilferty.
  const z = (Math.cbrt(chiSquare / degrees) - (1 - 2 / (9 * degrees))) / Math.sqrt(2 / (9 * degrees))
  expect(Math.abs(z)).toBeLessThan(4)
})

test('the sticky logger is far from uniform', () => {
  const all = run.arm.filter((_, job) => armsFor(world, at(scenario.workload.key, job)).length === 11)
  const expected = all.length / 11
  const chiSquare = world.arms.reduce(
    (sum, _, arm) => sum + (all.filter((its) => its === arm).length - expected) ** 2 / expected,
    0,
  )
  expect(chiSquare).toBeGreaterThan(100)
})
