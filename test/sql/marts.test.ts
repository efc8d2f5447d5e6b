/** Views that sum over many jobs, held against the same formulas job by job. */
import { describe, expect, onTestFinished, test } from 'vitest'
import { openDuckdb } from '../../shared/adapters/local/duckdb.ts'
import { type Draw, seededDraws } from '../../shared/domain/rng.ts'
import type { Row } from '../../shared/ports.ts'
import { type Case, catalogueOf, completedTables, type TableRows } from './cases.ts'
import { onlyViews } from './check-cases.ts'

const catalogue = onlyViews(['evaluation_decisions', 'reward_by_arm', 'drift'])
const BLOCKS = 50
const SEEDS = ['one', 'two', 'three']
const WEEK_MS = 7 * 86_400_000
/** A Thursday, with which a week begins. */
const FIRST_MS = Date.parse('2026-01-01T00:00:00Z')

type Job = { arm: string; key: string; pipeline: number; week: number; success: number; cost: number }

/** Arms whose jobs differ, in pipelines that have something in common. */
function playedJobs(draw: Draw, jobs: number, successOf: (arm: string, week: number) => number): Job[] {
  const moods = new Map<number, number>()
  return Array.from({ length: jobs }, () => {
    const week = Math.floor(draw() * 3)
    const pipeline = 1 + week * 1000 + Math.floor((draw() * jobs) / 6)
    const mood = moods.get(pipeline) ?? draw()
    moods.set(pipeline, mood)
    const arm = draw() < 0.5 ? 'a' : draw() < 0.5 ? 'b' : 'c'
    const key = arm === 'a' && draw() < 0.4 ? 'long' : `key ${Math.floor(draw() * 4)}`
    const cost = (key === 'long' ? 5 : 1) + mood + draw() + (arm === 'b' ? 0.5 : 0)
    return { arm, key, pipeline, week, success: Number(draw() < successOf(arm, week)), cost }
  })
}

const rowOf = ({ arm, key, pipeline, week, success, cost }: Job, index: number): Row => ({
  decision_id: `d${index}`,
  job_key: key,
  action: arm,
  cluster_id: `x/1/${pipeline}`,
  started_at: new Date(FIRST_MS + week * WEEK_MS + index).toISOString(),
  reward_spec: null,
  reward_speed: null,
  reward_success: success,
  reward_time_to_result: null,
  reward_cost: cost,
})

async function rowsOf(select: string, jobs: readonly Job[]): Promise<Row[]> {
  const example = {
    case: '',
    tables: { evaluation_decisions: jobs.map(rowOf) } as TableRows,
    expected: [],
  } satisfies Case
  const played = catalogueOf(example, catalogue)
  const warehouse = await openDuckdb(':memory:', played)
  onTestFinished(() => warehouse.close())
  const { evaluation_decisions: rows = [] } = completedTables(example, played) as Record<string, Row[]>
  await warehouse.insert('evaluation_decisions' as never, rows)
  return warehouse.query(select)
}

const sum = (list: readonly number[]) => list.reduce((total, one) => total + one, 0)
const meanOf = (list: readonly number[]) => sum(list) / list.length

/** Least squares of cost on the arm beside an effect of each job key: all jobs demeaned by key (Frisch–Waugh–Lovell). */
function adjustedOf(jobs: readonly Job[], arm: string): { difference: number; error: number } {
  const ofKey = Map.groupBy(jobs, ({ key }) => key)
  const demeaned = jobs.map((job) => {
    const same = ofKey.get(job.key) as Job[]
    const isArm = (one: Job) => Number(one.arm === arm)
    return {
      block: job.pipeline % BLOCKS,
      x: isArm(job) - meanOf(same.map(isArm)),
      y: job.cost - meanOf(same.map(({ cost }) => cost)),
      isShared: new Set(same.map(isArm)).size === 2,
    }
  })
  const shared = demeaned.filter(({ isShared }) => isShared)
  const squares = sum(shared.map(({ x }) => x * x))
  const difference = sum(shared.map(({ x, y }) => x * y)) / squares
  const scores = [...Map.groupBy(shared, ({ block }) => block).values()].map((block) =>
    sum(block.map(({ x, y }) => x * (y - difference * x))),
  )
  const meat = sum(scores.map((score) => score * score))
  return { difference, error: Math.sqrt((scores.length / (scores.length - 1)) * meat) / squares }
}

/** A mean and its CR1 variance by pipeline. */
function clusteredMean(jobs: readonly Job[]): { mean: number; variance: number } {
  const mean = meanOf(jobs.map(({ success }) => success))
  const pipelines = [...Map.groupBy(jobs, ({ pipeline }) => pipeline).values()]
  const squares = pipelines.map((some) => sum(some.map(({ success }) => success - mean)) ** 2)
  const correction = pipelines.length / (pipelines.length - 1)
  return { mean, variance: (correction * sum(squares)) / jobs.length ** 2 }
}

describe.each(SEEDS)('seed %s', (seed) => {
  test('reward_by_arm is least squares beside an effect of each job key, job by job', async () => {
    const jobs = playedJobs(seededDraws(`arms ${seed}`), 600, () => 0.5)
    const rows = await rowsOf(
      "SELECT * FROM ci_metrics.reward_by_arm WHERE reward_name = 'cost' ORDER BY arm",
      jobs,
    )
    expect(rows.map(({ arm }) => arm)).toEqual(['a', 'b', 'c'])
    for (const row of rows) {
      const { difference, error } = adjustedOf(jobs, row.arm as string)
      expect(row.adjusted_difference).toBeCloseTo(difference, 10)
      expect(row.adjusted_se).toBeCloseTo(error, 10)
      expect(row.raw_mean).toBeCloseTo(
        meanOf(jobs.filter(({ arm }) => arm === row.arm).map(({ cost }) => cost)),
        10,
      )
    }
  })

  test('drift is a difference of means over their errors by pipeline, and is seen where it is', async () => {
    const jobs = playedJobs(seededDraws(`weeks ${seed}`), 900, (arm, week) =>
      arm === 'b' && week === 2 ? 0.4 : 0.9,
    )
    const rows = await rowsOf('SELECT * FROM ci_metrics.drift ORDER BY arm, week', jobs)
    expect(rows).toHaveLength(9)
    for (const row of rows) {
      const week = (Date.parse(`${row.week}T00:00:00Z`) - FIRST_MS) / WEEK_MS
      const ofArm = jobs.filter(({ arm }) => arm === row.arm)
      const now = clusteredMean(ofArm.filter((job) => job.week === week))
      expect(row.success_rate).toBeCloseTo(now.mean, 10)
      expect(row.is_drift).toBe(row.arm === 'b' && week === 2)
      if (week === 0) continue
      const before = clusteredMean(ofArm.filter((job) => job.week < week))
      expect(row.success_rate_difference).toBeCloseTo(now.mean - before.mean, 10)
      expect(row.success_rate_se).toBeCloseTo(Math.sqrt(now.variance + before.variance), 10)
      expect(row.success_rate_z).toBeCloseTo(
        (now.mean - before.mean) / Math.sqrt(now.variance + before.variance),
        8,
      )
    }
  })
})
