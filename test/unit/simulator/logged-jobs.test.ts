import { describe, expect, test } from 'vitest'
import { defaultWorld, loggedJobsOf, type SimulatedLog } from '../../../shared/simulator/index.ts'
import { at, batchError, meanOf } from './recount.ts'

const world = defaultWorld({ outages: false, drift: false })

/** Σ w r / n of drawing uniformly from the feasible arms that had a propensity above 0: here where none was full. */
function ipsOfUniform({ jobs, propensities, expected }: SimulatedLog) {
  const places = jobs.flatMap(({ feasible, free }, place) =>
    feasible.length <= 3 && free.length === feasible.length ? [place] : [],
  )
  const weights = places.map((place) => 1 / (jobs[place]?.feasible.length ?? 0) / at(propensities, place))
  const weighted = places.map((place, index) => at(weights, index) * (jobs[place]?.reward ?? 0))
  const truth = places.map((place) => meanOf([...(expected[place]?.values() ?? [])]))
  return { places, weights, weighted, truth }
}

describe('a simulated log', () => {
  test.each(['spec', 'speed'] as const)(
    'gives propensities that make IPS unbiased, rewards by %s',
    (reward) => {
      const log = loggedJobsOf(world, { seed: 2, jobs: 25_000, reward })
      const { places, weights, weighted, truth } = ipsOfUniform(log)
      expect(places.length).toBeGreaterThan(2000)
      expect(Math.abs(meanOf(weights) - 1)).toBeLessThan(4 * batchError(weights))
      const errors = weighted.map((value, index) => value - at(truth, index))
      expect(Math.abs(meanOf(errors))).toBeLessThan(4 * batchError(errors))
      expect(batchError(errors)).toBeLessThan(0.05 * meanOf(truth))
    },
  )

  test('expects of the arm that was taken what came out on average', () => {
    for (const reward of ['spec', 'speed'] as const) {
      const { jobs, expected } = loggedJobsOf(world, { seed: 5, jobs: 20_000, logger: 'uniform', reward })
      const errors = jobs.map(
        ({ reward: earned, action }, place) => (earned ?? 0) - (expected[place]?.get(action) ?? 0),
      )
      expect(Math.abs(meanOf(errors))).toBeLessThan(4 * batchError(errors))
    }
  })

  test('is in the order of starts, in clusters by pipeline, each cluster in one fold', () => {
    const { jobs } = loggedJobsOf(world, { seed: 2, jobs: 2000 })
    const starts = jobs.map(({ startedAt }) => startedAt)
    expect(starts).toEqual(starts.toSorted((a, b) => a - b))
    const clusters = Map.groupBy(jobs, ({ cluster }) => cluster)
    expect(clusters.size).toBeGreaterThan(400)
    for (const its of clusters.values()) expect(new Set(its.map(({ fold }) => fold)).size).toBe(1)
    for (const [cluster, [first]] of clusters) expect(first?.fold).toBe(Number(cluster.split('/').at(-1)) % 5)
    expect(new Set(jobs.map(({ id }) => id)).size).toBe(2000)
  })

  test('keeps the propensity of what GitLab chose to itself, and records that of a policy', () => {
    const sticky = loggedJobsOf(world, { seed: 2, jobs: 200 })
    expect(sticky.jobs.every(({ recordedPropensity }) => recordedPropensity === null)).toBe(true)
    const uniform = loggedJobsOf(world, { seed: 2, jobs: 200, logger: 'uniform' })
    for (const [place, { recordedPropensity, feasible }] of uniform.jobs.entries()) {
      expect(recordedPropensity).toBeCloseTo(1 / feasible.length, 12)
      expect(recordedPropensity).toBe(uniform.propensities[place])
    }
  })

  test('knows the expected reward of every feasible arm, and which of them had room', () => {
    const { jobs, expected } = loggedJobsOf(world, { seed: 2, jobs: 2000 })
    for (const [place, { feasible, action, free, previousArm, reward }] of jobs.entries()) {
      expect([...(expected[place]?.keys() ?? [])]).toEqual(feasible)
      expect(feasible).toContain(action)
      expect(['', ...feasible]).toContain(previousArm)
      expect(free).toContain(action)
      expect(feasible).toEqual(expect.arrayContaining([...free]))
      expect((reward ?? -1) >= 0 && (reward ?? 2) <= 1).toBe(true)
    }
  })
})
