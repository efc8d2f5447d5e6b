import { describe, expect, test } from 'vitest'
import { potentialOutcomes, taggedJobsOf } from '../../../functions/local/demo/truth.ts'
import {
  type PlayedJob,
  playDay,
  playedRunners,
  possibleEndings,
} from '../../../shared/played-gitlab/index.ts'
import { potentialOutcomeRow } from '../../../shared/schema/rows.ts'
import { armOf, fleetWith } from '../../support/builders.ts'

const START = Date.parse('2026-09-21T00:00:00Z')
const day = playDay({ seed: 'truth', jobs: 1500, startAt: START })
const fleet = fleetWith(
  ...playedRunners.map(({ description, tags }) =>
    armOf({ name: description, tags: [...tags], costPerHourEur: 0 }),
  ),
)
const rows = potentialOutcomes(day, fleet, 'gitlab.example.com').map((row) =>
  potentialOutcomeRow.decode(row as never),
)
const began = day.jobs.filter(({ startedAtMs }) => startedAtMs !== null)

describe('what every arm would have made of a played job', () => {
  test('is told of each job that began, for each runner that may take it and is there', () => {
    const own = (job: PlayedJob) => rows.filter(({ job_id }) => job_id === job.id).map(({ arm }) => arm)
    expect(new Set(rows.map(({ job_id }) => job_id))).toEqual(new Set(began.map(({ id }) => id)))
    expect(rows.some(({ arm }) => arm === 'Nordic K8s Runner')).toBe(false)
    for (const job of began) expect(own(job)).toContain(job.runner?.description)
  })

  // The play itself is the witness: over a day, what happened is near what was to be expected of who had the job.
  test('agrees over a day with what did happen', () => {
    const expected = new Map(rows.map((row) => [`${row.job_id}/${row.arm}`, row]))
    const had = began.map((job) => ({ job, row: expected.get(`${job.id}/${job.runner?.description}`) }))
    const mean = (numbers: number[]) => numbers.reduce((sum, one) => sum + one, 0) / numbers.length
    const errorOf = (differences: number[]) =>
      Math.sqrt(mean(differences.map((one) => one ** 2)) / differences.length)
    const successes = had.map(
      ({ job, row }) => Number(job.status === 'success') - (row?.success ?? Number.NaN),
    )
    const seconds = had.map(({ job, row }) => (job.durationSeconds ?? 0) - (row?.run_seconds ?? Number.NaN))
    expect(Math.abs(mean(successes))).toBeLessThan(4 * errorOf(successes))
    expect(Math.abs(mean(seconds))).toBeLessThan(4 * errorOf(seconds))
  })

  test('has probabilities that sum to one, and no ending after the moment that cancels it', () => {
    const canceled = began.find(({ plan }) => (plan?.cancelAfterSeconds ?? 0) > 10) as PlayedJob
    const endings = possibleEndings(canceled, playedRunners[0] as never)
    expect(endings.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 9)
    const most = (canceled.plan?.cancelAfterSeconds as number) - (canceled.queuedSeconds as number)
    expect(Math.max(...endings.map(({ seconds }) => seconds))).toBeLessThanOrEqual(most + 1e-9)
  })
})

test('the tags of a played job are known by its pipeline and name', () => {
  const [job] = day.jobs
  expect(taggedJobsOf(day)[0]).toEqual({
    projectId: job?.project.id,
    pipelineId: job?.pipelineId,
    jobName: job?.name,
    tags: job?.tags,
  })
})
