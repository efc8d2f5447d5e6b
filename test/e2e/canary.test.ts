/** Mode canary from one frozen state: what was drawn for thousands of pipelines, against what was logged of it. */
import { beforeAll, describe, expect, test } from 'vitest'
import { recommendFor } from '../../functions/recommend.ts'
import { seededRng } from '../../shared/adapters/rng.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import type { RecommendAnswer } from '../../shared/schema/recommend.ts'
import { ciRunner } from '../support/played-gitlab/ci-runner.ts'
import { writeFleetFile } from '../support/played-gitlab/fleet-file.ts'
import { dataFolder, postWebhook, startServer } from '../support/server.ts'
import { jobWebhook } from '../support/webhook.ts'

const PIPELINES = 2000
/** Of which so many have two jobs that ask. */
const OF_TWO_JOBS = 300
const SHARE = 0.3
const SECONDS = { brisk: 40, calm: 55, dull: 70, even: 240 }
const ARMS = Object.keys(SECONDS)
/** Chi-square of so many degrees of freedom is above it with probability 0.001: Abramowitz and Stegun, table 26.8. */
const ABOVE_ONCE_IN_A_THOUSAND = [Number.NaN, 10.828, 13.816, 16.266]

type Drawn = { pipeline: number; job: string; arm: string; propensity: number; group: 'policy' | 'uniform' }

/** A service in canary that has learned something, and learns nothing more. */
async function taught(policy: string, seed = 'spring'): Promise<LocalDeps> {
  const runners = ARMS.map((description, index) =>
    ciRunner({ id: index + 1, description, tags: ['docker', `to-${description}`] }),
  )
  const projects = [{ id: 101, path: 'example/backoffice' }]
  const words = { mode: 'canary', canary: { share: SHARE, seed } }
  const fleet = writeFleetFile(dataFolder(), { projects, runners, words })
  const { url, deps } = await startServer({
    RUNNER_BANDIT_FLEET: fleet,
    RUNNER_BANDIT_MODE: undefined,
    BANDIT_ALGORITHM: policy,
  })
  deps.rng = seededRng(`canary ${policy}`)
  await teach(url)
  await deps.deliveries.drained()
  return deps
}

/** Asks for a job or two of each pipeline. */
function askFor(deps: LocalDeps, pipelines: number): RecommendAnswer[] {
  const pipelineIds = Array.from({ length: pipelines }, (_, index) => index + 1)
  return pipelineIds.flatMap((pipeline) =>
    (pipeline <= OF_TWO_JOBS ? ['test', 'unit'] : ['unit']).map((job) => {
      const asked = { project: '101', job, tags: 'docker', pipeline_id: String(pipeline) }
      return recommendFor(Object.entries(asked), deps) as RecommendAnswer
    }),
  )
}

async function logged({ deliveries, warehouse }: LocalDeps): Promise<Drawn[]> {
  await deliveries.drained()
  const rows = await warehouse.query(
    `SELECT pipeline_id AS pipeline, job_name AS job, arm, propensity, canary_group AS "group"
       FROM ci_metrics.recommendations ORDER BY pipeline_id, job_name`,
  )
  return rows as Drawn[]
}

/** Five jobs of each arm, with as much between them as makes a policy waver. */
async function teach(url: string): Promise<void> {
  let jobId = 0
  for (const [description, seconds] of Object.entries(SECONDS))
    for (const factor of [0.7, 0.85, 1, 1.2, 1.4]) {
      jobId += 1
      const runner = { id: ARMS.indexOf(description) + 1, description, tags: [] }
      const hook = { build_id: jobId, build_name: 'unit', build_duration: seconds * factor, runner }
      await postWebhook(url, jobWebhook(hook))
    }
}

/** By arm, the one propensity that was logged for it. */
function loggedPropensities(rows: readonly Drawn[]): Record<string, number> {
  const byArm = Map.groupBy(rows, ({ arm }) => arm)
  return Object.fromEntries(
    [...byArm].map(([arm, all]) => {
      expect(new Set(all.map(({ propensity }) => propensity)).size).toBe(1)
      return [arm, all[0]?.propensity ?? Number.NaN]
    }),
  )
}

/** Pearson's: sum of (seen − expected)² / expected. */
function chiSquare(rows: readonly Drawn[], propensities: Record<string, number>): number {
  return Object.entries(propensities)
    .map(([arm, propensity]) => {
      const expected = propensity * rows.length
      return (rows.filter((row) => row.arm === arm).length - expected) ** 2 / expected
    })
    .reduce((sum, term) => sum + term, 0)
}

const CRITICAL = ABOVE_ONCE_IN_A_THOUSAND[ARMS.length - 1] as number

describe.each(['ucb1', 'thompson'])('in mode canary with %s', (policy) => {
  let rows: Drawn[]
  let answers: RecommendAnswer[]
  /** One job of each pipeline: those of one pipeline share their group, so they are not drawn apart. */
  let units: Drawn[]
  let propensities: Record<string, number>

  beforeAll(async () => {
    const deps = await taught(policy)
    answers = askFor(deps, PIPELINES)
    rows = await logged(deps)
    units = rows.filter(({ job }) => job === 'unit')
    propensities = loggedPropensities(units)
  })

  test('every answer is logged with what it said, from one state', () => {
    expect(answers).toHaveLength(PIPELINES + OF_TWO_JOBS)
    expect(new Set(answers.map(({ state }) => state?.generation)).size).toBe(1)
    expect(rows.map(({ arm, propensity, group }) => [arm, propensity, group])).toEqual(
      answers.map(({ runner, propensity, group }) => [runner, propensity, group]),
    )
    expect(
      answers.every(({ mode, routed, tag, use_tag }) => mode === 'canary' && routed && use_tag === tag),
    ).toBe(true)
  })

  test('the propensities are share · π + (1 − share) / k of the π that the answer lists, and add up to 1', () => {
    const listed = new Map(answers[0]?.feasible.map(({ arm, probability }) => [arm, probability]))
    for (const arm of ARMS)
      expect(propensities[arm]).toBeCloseTo(
        SHARE * (listed.get(arm) ?? Number.NaN) + (1 - SHARE) / ARMS.length,
        12,
      )
    expect(Object.values(propensities).reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 12)
    // Else there would be little to test.
    expect(
      Math.max(...Object.values(propensities)) - Math.min(...Object.values(propensities)),
    ).toBeGreaterThan(0.05)
  })

  test('arms are drawn as often as their propensities say', () => {
    expect(chiSquare(units, propensities)).toBeLessThan(CRITICAL)
  })

  test('and not as often as propensities of the policy, or of chance, alone would say', () => {
    const ofPolicy = ARMS.map((arm) => ((propensities[arm] ?? 0) - (1 - SHARE) / ARMS.length) / SHARE)
    const wrong = [
      // Each a little above 0, for the policy that never draws some of them.
      Object.fromEntries(ARMS.map((arm, index) => [arm, Math.max(ofPolicy[index] ?? 0, 1e-6)])),
      Object.fromEntries(ARMS.map((arm) => [arm, 1 / ARMS.length])),
      // Share and rest exchanged.
      Object.fromEntries(
        ARMS.map((arm, index) => [arm, (1 - SHARE) * (ofPolicy[index] ?? 0) + SHARE / ARMS.length]),
      ),
    ]
    for (const propensitiesOf of wrong) expect(chiSquare(units, propensitiesOf)).toBeGreaterThan(CRITICAL)
  })

  test('within each group arms are drawn as its policy says', () => {
    const uniform = units.filter(({ group }) => group === 'uniform')
    expect(chiSquare(uniform, Object.fromEntries(ARMS.map((arm) => [arm, 1 / ARMS.length])))).toBeLessThan(
      CRITICAL,
    )
    const listed = answers[0]?.feasible ?? []
    const ofPolicy = units.filter(({ group }) => group === 'policy')
    const possible = Object.fromEntries(
      listed.filter(({ probability }) => probability > 0).map(({ arm, probability }) => [arm, probability]),
    )
    expect(chiSquare(ofPolicy, possible)).toBeLessThan(CRITICAL)
    expect(new Set(ofPolicy.map(({ arm }) => arm))).toEqual(new Set(Object.keys(possible)))
  })

  test('two jobs of a pipeline are in one group, and the share of the policy’s is as it was set', () => {
    const groups = Map.groupBy(rows, ({ pipeline }) => pipeline)
    const pairs = [...groups.values()].filter(({ length }) => length === 2)
    expect(pairs).toHaveLength(OF_TWO_JOBS)
    expect(pairs.filter(([one, other]) => one?.group !== other?.group)).toEqual([])
    const share = units.filter(({ group }) => group === 'policy').length / PIPELINES
    // 3.29 standard deviations: outside once in a thousand seeds.
    expect(Math.abs(share - SHARE)).toBeLessThan(3.29 * Math.sqrt((SHARE * (1 - SHARE)) / PIPELINES))
  })
})

test('a pipeline is in the same group whoever decides, and in another by another seed', async () => {
  const groupsBy = async (policy: string, seed: string) =>
    askFor(await taught(policy, seed), OF_TWO_JOBS).map(({ group }) => group)
  const first = await groupsBy('ucb1', 'spring')
  expect(await groupsBy('greedy', 'spring')).toEqual(first)
  const other = await groupsBy('ucb1', 'autumn')
  const alike = other.filter((group, index) => group === first[index]).length / first.length
  // By chance alike: share² + (1 − share)² = 0.58 of 300 pipelines, give or take three times 0.029.
  expect(Math.abs(alike - (SHARE ** 2 + (1 - SHARE) ** 2))).toBeLessThan(0.09)
})
