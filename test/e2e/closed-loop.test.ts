/** Whole pipelines of a played GitLab, which ask where to run a job, run it there, and tell how it ended. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Row } from '../../shared/ports.ts'
import { ciProject, ciRunner } from '../support/played-gitlab/ci-runner.ts'
import { type ClosedLoop, closedLoop } from '../support/played-gitlab/closed-loop.ts'
import { allJobs, type CiJob, type CiPipeline, type JobSpec } from '../support/played-gitlab/pipeline.ts'

const cleanups: (() => unknown)[] = []
afterAll(() => {
  for (const cleanUp of cleanups) cleanUp()
})
const whenDone = (cleanUp: () => unknown) => void cleanups.push(cleanUp)

const docker = { type: 'group_type', groups: ['acme'] } as const
const FAST = ciRunner({ ...docker, id: 1, description: 'fast', tags: ['docker', 'to-fast'], slots: 2 })
const MIDDLE = ciRunner({
  ...docker,
  id: 2,
  description: 'middle',
  tags: ['docker', 'to-middle'],
  slowness: 2,
})
const SLOW = ciRunner({ ...docker, id: 3, description: 'slow', tags: ['docker', 'to-slow'], slowness: 5 })
const GPU = ciRunner({ ...docker, id: 4, description: 'gpu', tags: ['gpu', 'to-gpu'] })
/** Runs what asks, so that the others' figures are those of the routed jobs. */
const HOUSE = ciRunner({ id: 9, description: 'house', tags: ['house'], slots: 9 })
const RUNNERS = [FAST, MIDDLE, SLOW, GPU, HOUSE]

/** Seconds on an idle machine; some machines have others to serve. */
const PATIENCE_MS = 180_000

const unit: JobSpec = { name: 'unit', stage: 'test', tags: ['docker'], seconds: 60 }

/** The jobs of these pipelines that carry an arm's tag. */
const routedJobs = (pipelines: readonly CiPipeline[]): CiJob[] =>
  pipelines.flatMap(allJobs).filter(({ pipeline }) => pipeline.source !== null)

/** product.md: success / (minutes + 0.1), in [0, 10]; these runners cost nothing. By GitLab's own account. */
const rewardOf = ({ status, startedAt, finishedAt }: CiJob) =>
  status === 'success' ? Math.min(10, 1 / (((finishedAt ?? 0) - (startedAt ?? 0)) / 60_000 + 0.1)) : 0

/** UCB1 with c = 2 from what GitLab played: an arm never tried first, in the order of their names. */
function ucb1Pick(ended: readonly CiJob[], offered: readonly string[]): string | undefined {
  const total = Math.log(ended.length)
  const index = (arm: string) => {
    const rewards = ended.filter(({ runner }) => runner?.description === arm).map(rewardOf)
    if (rewards.length === 0) return Number.POSITIVE_INFINITY
    const sum = rewards.reduce((all, reward) => all + reward, 0)
    return sum / rewards.length + 2 * Math.sqrt(total / rewards.length)
  }
  return offered.toSorted().sort((a, b) => (index(b) > index(a) ? 1 : index(b) < index(a) ? -1 : 0))[0]
}

const OUTCOMES = `
  SELECT job_id, job_status, routed_decision_id, routed_runner, routed_propensity, routed_policy, routed_mode,
         actual_runner, landed_as_routed
    FROM ci_metrics.decision_outcomes`
const outcomesIn = ({ deps }: ClosedLoop): Promise<Row[]> => deps.warehouse.query(OUTCOMES)
const byJob = (rows: readonly Row[]) => new Map(rows.map((row) => [row.job_id, row]))

describe('thirty-two pipelines of a project in mode autonomous', () => {
  let loop: ClosedLoop
  const pipelines: CiPipeline[] = []
  const expected: (string | undefined)[] = []

  beforeAll(async () => {
    const project = ciProject({ path: 'acme/api' })
    loop = await closedLoop(
      { projects: [{ ...project, words: { mode: 'autonomous' } }], runners: RUNNERS },
      { whenDone },
    )
    const { gitlab, pipelineOf, run } = loop
    for (let count = 0; count < 32; count += 1) {
      // The job that asks has begun, and not ended, when the service decides.
      const ended = gitlab.jobs.filter(({ finishedAt }) => finishedAt !== null)
      expected.push(ucb1Pick(ended, ['fast', 'middle', 'slow']))
      pipelines.push(
        ...(await run(pipelineOf([{ ...unit, retries: 1 }], { method: count % 2 ? 'GET' : 'POST' }))),
      )
      if (count === 15) gitlab.runners.change(FAST.id, { systemFailureRate: 1 })
    }
  }, PATIENCE_MS)

  test('succeed as long as nothing breaks, with every webhook taken in', () => {
    expect(pipelines.slice(0, 16).map(({ status }) => status)).toEqual(Array(16).fill('success'))
    expect(Object.keys(loop.gitlab.answers)).toEqual(['202'])
  })

  test('are each sent to the arm that UCB1 picks from what GitLab has told until then', () => {
    expect(loop.asked.map(({ variables }) => variables.MAB_RUNNER)).toEqual(expected)
    expect(new Set(loop.asked.map(({ variables }) => variables.MAB_ROUTED))).toEqual(new Set(['true']))
  })

  test('land where they were sent', () => {
    const landed = routedJobs(pipelines)
    const sentTo = new Map(loop.asked.map(({ pipelineId, variables }) => [pipelineId, variables.MAB_RUNNER]))
    expect(landed.length).toBeGreaterThanOrEqual(32)
    expect(landed.map(({ runner }) => runner?.description)).toEqual(
      landed.map(({ pipeline }) => sentTo.get(pipeline.source?.pipelineId ?? 0)),
    )
  })

  test('leave a runner that has broken for the next best', () => {
    const mostOf = (from: number, to: number) => {
      const counts = Map.groupBy(loop.asked.slice(from, to), ({ variables }) => variables.MAB_RUNNER)
      return [...counts].sort(([, some], [, others]) => others.length - some.length)[0]?.[0]
    }
    expect([mostOf(0, 16), mostOf(16, 32)]).toEqual(['fast', 'middle'])
  })

  test('are joined to their outcomes: each job, and each retry, with its decision, arm and propensity', async () => {
    const rows = byJob(await outcomesIn(loop))
    const asked = new Map(loop.asked.map(({ pipelineId, variables }) => [pipelineId, variables]))
    const landed = routedJobs(pipelines)
    expect(landed.some(({ attempt }) => attempt === 1)).toBe(true)
    for (const job of landed) {
      const variables = asked.get(job.pipeline.source?.pipelineId ?? 0)
      expect(rows.get(job.id)).toEqual({
        job_id: job.id,
        job_status: job.status,
        routed_decision_id: variables?.MAB_DECISION_ID,
        routed_runner: variables?.MAB_RUNNER,
        routed_propensity: 1,
        routed_policy: 'ucb1',
        routed_mode: 'autonomous',
        actual_runner: job.runner?.description,
        landed_as_routed: true,
      })
    }
    const asking = loop.gitlab.jobs.filter(({ pipeline }) => pipeline.source === null)
    expect(asking).toHaveLength(32)
    for (const { id } of asking)
      expect(rows.get(id)).toMatchObject({ routed_decision_id: null, landed_as_routed: null })
  })
})

describe('pipelines of several projects, all at once', () => {
  const api = ciProject({ id: 101, path: 'acme/api' })
  const web = ciProject({ id: 102, path: 'acme/web' })
  const docs = ciProject({ id: 103, path: 'acme/docs' })
  /** Takes jobs of protected refs only. */
  const SAFE = ciRunner({
    ...docker,
    id: 5,
    description: 'safe',
    tags: ['docker', 'deploys', 'to-safe'],
    accessLevel: 'ref_protected',
  })
  const train: JobSpec = { name: 'train', stage: 'test', tags: ['gpu'], seconds: 300 }
  const publish: JobSpec = { name: 'publish', stage: 'deploy', tags: ['deploys'], seconds: 20 }
  let loop: ClosedLoop
  let pipelines: CiPipeline[]

  beforeAll(async () => {
    loop = await closedLoop(
      {
        projects: [{ ...api, words: { mode: 'autonomous' } }, { ...web, words: { mode: 'advisory' } }, docs],
        runners: [...RUNNERS, SAFE],
      },
      { whenDone, env: { BANDIT_ALGORITHM: 'thompson' } },
    )
    const { pipelineOf, run } = loop
    pipelines = await run(
      ...Array.from({ length: 8 }, () => pipelineOf([unit, train])),
      pipelineOf([publish]),
      pipelineOf([publish], { protected: false, extra: { fallback: 'docker' } }),
      pipelineOf([unit], { project: web }),
      pipelineOf([unit], { project: docs, extra: { fallback: 'to-middle' } }),
      pipelineOf([unit], { serviceUrl: 'http://127.0.0.1:9' }),
    )
  }, PATIENCE_MS)

  const routedOf = (index: number) => routedJobs(pipelines.slice(index, index + 1))
  const saidTo = (index: number) =>
    loop.asked
      .filter(({ pipelineId }) => pipelineId === pipelines[index]?.id)
      .map(({ variables }) => variables)

  test('all succeed, and every job that was routed ran on the arm that it was routed to', async () => {
    expect(new Set(pipelines.map(({ status }) => status))).toEqual(new Set(['success']))
    const rows = byJob(await outcomesIn(loop))
    const landed = routedJobs(pipelines.slice(0, 9))
    expect(landed).toHaveLength(17)
    for (const job of landed) {
      const answer = loop.asked.find(
        ({ name, pipelineId }) => name === job.spec.name && pipelineId === job.pipeline.source?.pipelineId,
      )
      expect(rows.get(job.id)).toMatchObject({
        routed_decision_id: answer?.variables.MAB_DECISION_ID,
        routed_runner: job.runner?.description,
        landed_as_routed: true,
      })
    }
    expect([...rows.values()].filter((row) => row.landed_as_routed === false)).toEqual([])
  })

  test('have the propensities that the answers were drawn with', async () => {
    const recorded = await loop.deps.warehouse.query(
      `SELECT decision_id, propensity, asked_by_job_id, pipeline_id FROM ci_metrics.recommendations WHERE routed`,
    )
    const rows = await outcomesIn(loop)
    const ofDecision = new Map(rows.map((row) => [row.routed_decision_id, row.routed_propensity]))
    expect(recorded).toHaveLength(17)
    for (const row of recorded) expect(ofDecision.get(row.decision_id)).toBe(row.propensity)
    const ids = new Set(loop.gitlab.jobs.map(({ id }) => id))
    expect(recorded.every(({ asked_by_job_id }) => ids.has(asked_by_job_id as number))).toBe(true)
    expect(new Set(recorded.map(({ pipeline_id }) => pipeline_id))).toEqual(
      new Set(pipelines.slice(0, 9).map(({ id }) => id)),
    )
  })

  test('wait for the arm that they were sent to, however idle others are', () => {
    const trained = routedJobs(pipelines).filter(({ spec }) => spec.name === 'train')
    expect(trained.map(({ runner }) => runner?.description)).toEqual(Array(8).fill('gpu'))
    // One at a time: the last has waited for seven others of five minutes.
    const waits = trained.map(({ pendingAt, startedAt }) => (startedAt ?? 0) - (pendingAt ?? 0))
    expect(Math.max(...waits)).toBeGreaterThan(7 * 4 * 60_000)
  })

  test('use a runner of protected refs on such a ref, and their own tag on another', () => {
    expect([saidTo(8)[0]?.MAB_RUNNER, routedOf(8)[0]?.runner?.description]).toEqual(['safe', 'safe'])
    expect(saidTo(9)).toMatchObject([{ MAB_RUNNER: '', MAB_ROUTED: 'false', MAB_RUNNER_TAG: 'docker' }])
    expect(routedOf(9)[0]?.runner?.description).not.toBe('safe')
  })

  test('carry their own tag in advisory, in shadow, and when nobody answers, and count as routed by nobody', async () => {
    expect(saidTo(10)).toMatchObject([
      { MAB_MODE: 'advisory', MAB_ROUTED: 'false', MAB_RUNNER_TAG: 'docker' },
    ])
    expect(saidTo(10)[0]?.MAB_RUNNER).toMatch(/^(fast|middle|slow|safe)$/)
    expect(saidTo(11)).toMatchObject([
      { MAB_MODE: 'shadow', MAB_ROUTED: 'false', MAB_RUNNER_TAG: 'to-middle', MAB_RUNNER: '' },
    ])
    expect(saidTo(12)).toEqual([{ MAB_RUNNER_TAG: 'docker' }])
    const rows = byJob(await outcomesIn(loop))
    for (const index of [9, 10, 11, 12])
      for (const job of routedOf(index))
        expect(rows.get(job.id)).toMatchObject({
          actual_runner: job.runner?.description,
          routed_decision_id: null,
          landed_as_routed: null,
        })
  })
})
