/**
 * A seeded log as rows of the tables: a sticky, weighted logger whose arms fill up, and all that a real log has beside.
 * Some pipelines are a canary's and start child pipelines whose jobs were routed.
 */
import { type Draw, seededDraws } from '../../shared/domain/rng.ts'
import type { LogTables } from './independent/jobs.ts'
import { choicesJson } from './synthetic-choices.ts'
import {
  feasibleFor,
  jobKeysOf,
  lognormal,
  PROJECTS,
  type SyntheticArm,
  type SyntheticKey,
  weighted,
} from './synthetic-fleet.ts'
import { type Placed, type Plan, rowsOfJob } from './synthetic-rows.ts'

export type LogSize = { jobs: number; pipelines: number }

const FIRST_AT = Date.parse('2026-01-02T00:00:00Z')
const DAYS = 56
const DAY_MS = 86_400_000
/** Instants are whole ticks, so that some jobs end as others begin. */
const TICK_MS = 10_000
const STICKY_SHARE = 0.5
const OLD_DAYS = 6
const GREEDY_FROM_DAY = 4

const ticks = (ms: number) => Math.max(1, Math.round(ms / TICK_MS)) * TICK_MS

/** The same seed gives the same rows. */
export function syntheticLog(seed: string, { jobs, pipelines }: LogSize): LogTables {
  const draw = seededDraws(seed)
  const keys = jobKeysOf(draw)
  const plans = Array.from({ length: pipelines }, (_, index) => pipelineOf(index, draw))
  const wanted = Array.from({ length: jobs }, (_, index) => {
    const plan = plans[Math.floor(draw() * plans.length)] as Plan
    const ofProject = keys.filter(({ projectId }) => projectId === plan.projectId)
    const key = ofProject[Math.floor(draw() ** 1.5 * ofProject.length)] as SyntheticKey
    return { plan, key, jobId: 10_001 + index, createdAt: plan.createdAt + ticks(900_000 * draw() ** 2) }
  }).sort((a, b) => a.createdAt - b.createdAt)

  const log: LogTables = { runner_decisions: [], job_outcomes: [], recommendations: [], choice_sets: [] }
  const busyUntil = new Map<string, number[]>()
  const lastArm = new Map<Plan, string>()
  for (const { plan, key, jobId, createdAt } of wanted) {
    const { arm, propensity, startedAt } = assigned(plan, key, createdAt, busyUntil, lastArm, draw)
    const seconds = Math.max(1, (key.seconds / arm.speed) * lognormal(draw, 0.4))
    const finishedAt = startedAt + ticks(1000 * seconds)
    busyUntil.set(arm.arm, [...(busyUntil.get(arm.arm) ?? []), finishedAt])
    lastArm.set(plan, arm.arm)
    const day = (startedAt - FIRST_AT) / DAY_MS
    const choices = choicesJson(
      feasibleFor(key),
      { known: !plan.isCanary, isOld: day < OLD_DAYS, withGreedy: day >= GREEDY_FROM_DAY },
      draw,
    )
    const placed: Placed = { plan, key, jobId, createdAt, startedAt, finishedAt, arm, propensity, choices }
    for (const [table, rows] of Object.entries(rowsOfJob(placed, draw))) {
      log[table as keyof LogTables].push(...rows)
    }
  }
  return log
}

/** On working hours of a day; one in six is a canary's, one in ten has a parent without being one. */
function pipelineOf(index: number, draw: Draw): Plan {
  const createdAt = FIRST_AT + Math.floor(draw() * DAYS) * DAY_MS + ticks(DAY_MS * (0.3 + 0.35 * draw()))
  const chance = draw()
  const pipelineId = 5001 + 2 * index
  return {
    projectId: 101 + (index % PROJECTS),
    instance: draw() < 0.05 ? 'git.example.com/ci' : 'gitlab.example.com',
    createdAt,
    pipelineId: chance > 0.98 ? null : pipelineId,
    parentPipelineId: chance < 0.26 ? pipelineId - 1 : null,
    isCanary: chance < 0.16,
  }
}

function assigned(
  plan: Plan,
  key: SyntheticKey,
  createdAt: number,
  busyUntil: Map<string, number[]>,
  lastArm: ReadonlyMap<Plan, string>,
  draw: Draw,
): { arm: SyntheticArm; propensity: number | null; startedAt: number } {
  const polling = feasibleFor(key).filter((arm) => arm.polling > 0)
  if (plan.isCanary) {
    const shares = polling.map((arm) => ({ arm, probability: arm.speed ** 2 + 0.5 }))
    const sum = shares.reduce((all, { probability }) => all + probability, 0)
    const { arm, probability } = weighted(shares, (share) => share.probability, draw)
    return { arm, propensity: probability / sum, startedAt: freeFrom(arm, createdAt, busyUntil) }
  }
  const startedAt = Math.min(...polling.map((arm) => freeFrom(arm, createdAt, busyUntil)))
  const free = polling.filter((arm) => freeFrom(arm, createdAt, busyUntil) <= startedAt)
  const again = free.find(({ arm }) => arm === lastArm.get(plan))
  if (again !== undefined && draw() < STICKY_SHARE) return { arm: again, propensity: null, startedAt }
  return { arm: weighted(free, (arm) => arm.polling, draw), propensity: null, startedAt }
}

/** When the arm has a slot: once fewer of its jobs are left than it has slots. */
function freeFrom(
  { arm, capacity }: SyntheticArm,
  createdAt: number,
  busyUntil: Map<string, number[]>,
): number {
  const running = (busyUntil.get(arm) ?? []).filter((end) => end > createdAt).sort((a, b) => b - a)
  busyUntil.set(arm, running)
  return Math.max(createdAt + TICK_MS, running[capacity - 1] ?? 0)
}
