/** The jobs that can be evaluated, with their five rewards, from the rows of the tables. */
import type { Row } from '../../../shared/ports.ts'

export type LogTables = Record<'runner_decisions' | 'job_outcomes' | 'recommendations' | 'choice_sets', Row[]>

export const REWARDS = ['spec', 'speed', 'success', 'time_to_result', 'cost'] as const
export type RewardName = (typeof REWARDS)[number]
/** Of the others a lower one is better. */
export const HIGHER_IS_BETTER: readonly RewardName[] = ['spec', 'speed', 'success']

export type RecordedChoice = {
  policy: string
  version: string
  set: 'known' | 'feasible'
  arm: string | null
  rest?: number
  probabilities?: { arm: string; probability: number }[]
}

export type IndependentJob = {
  id: string
  instance: string
  jobKey: string
  cluster: string
  fold: number
  decidedAt: number
  /** Of the decision, in UTC: 2026-01-31. */
  day: string
  startedAt: number
  finishedAt: number
  queuedSeconds: number | null
  attempt: number | null
  /** The arm that it was given to: of a routed job the one it was told to run on. */
  action: string
  feasible: string[]
  refused: string[]
  choices: RecordedChoice[]
  /** Null of a job that was not routed. */
  recorded: number | null
  rewards: Record<RewardName, number | null>
}

/** A job on an arm, whether it can be evaluated or not; it takes a millisecond at least. */
export type ArmRun = { arm: string; startedAt: number; finishedAt: number }

export type Reason = 'running' | 'no_arm' | 'tags_unknown' | 'action_not_feasible' | 'no_choices'

const FOLDS = 5
const BASELINE_WEIGHT = 5
const SECONDS_PER_MINUTE = 60

const instant = (cell: unknown) => Date.parse(cell as string)
const identity = (row: Row) => `${row.instance}/${row.project_id}/${row.job_id}`

type Joined = { decision: Row; outcome: Row | undefined; routing: Row | undefined; set: Row | undefined }

/** @returns the jobs, who ran when, and how many jobs were left out for which reason. */
export function evaluableJobs(log: LogTables): {
  jobs: IndependentJob[]
  runs: ArmRun[]
  leftOut: Map<Reason, number>
} {
  const leftOut = new Map<Reason, number>()
  const all = joined(log)
  const kept = all.filter((one) => {
    const reason = reasonToLeaveOut(one)
    if (reason !== undefined) leftOut.set(reason, (leftOut.get(reason) ?? 0) + 1)
    return reason === undefined
  })
  const baselineOf = baselines(kept)
  return { jobs: kept.map((one) => jobOf(one, baselineOf)), runs: all.flatMap(runOf), leftOut }
}

function runOf({ decision, outcome }: Joined): ArmRun[] {
  const arm = (outcome?.arm ?? decision.actual_runner) as string | null
  if (arm === null) return []
  const startedAt = instant(decision.started_at ?? decision.decided_at)
  const finishedAt = outcome === undefined ? Number.POSITIVE_INFINITY : instant(outcome.finished_at)
  return [{ arm, startedAt, finishedAt: Math.max(finishedAt, startedAt + 1) }]
}

/** Of each job its decision (that of its start before the late one), its outcome, and the answer that routed it. */
function joined(log: LogTables): Joined[] {
  const decisions = new Map<string, Row>()
  for (const row of log.runner_decisions) {
    const other = decisions.get(identity(row))
    if (other === undefined || (other.decided_late === true && row.decided_late === false)) {
      decisions.set(identity(row), row)
    }
  }
  const outcomes = new Map(log.job_outcomes.toReversed().map((row) => [identity(row), row]))
  const sets = new Map(log.choice_sets.map((row) => [row.choice_set_id, row]))
  return [...decisions].map(([job, decision]) => {
    const [last] = log.recommendations
      .filter(
        (row) =>
          row.project_id === decision.project_id &&
          row.pipeline_id === decision.parent_pipeline_id &&
          row.job_key === decision.job_key &&
          instant(row.decided_at) <= instant(decision.started_at ?? decision.decided_at),
      )
      .sort((a, b) => instant(b.decided_at) - instant(a.decided_at))
    const routing = last?.routed === true ? last : undefined
    return { decision, outcome: outcomes.get(job), routing, set: sets.get(routing?.choice_set_id) }
  })
}

const actionOf = ({ decision, outcome, routing }: Joined) =>
  (routing?.arm ?? outcome?.arm ?? decision.actual_runner) as string | null

const feasibleOf = ({ decision, set }: Joined): string[] =>
  JSON.parse((set ?? decision).feasible as string).map(({ arm }: { arm: string }) => arm)

function reasonToLeaveOut(one: Joined): Reason | undefined {
  if (one.outcome === undefined) return 'running'
  const action = actionOf(one)
  if (action === null) return 'no_arm'
  if (one.routing === undefined && one.decision.tags_source === 'unknown') return 'tags_unknown'
  if ((one.set ?? one.decision).choices === null) return 'no_choices'
  return feasibleOf(one).includes(action) ? undefined : 'action_not_feasible'
}

const isTimedSuccess = ({ outcome }: Joined) =>
  outcome?.job_status === 'success' && outcome.job_duration !== null

const mean = (list: readonly number[]) => list.reduce((sum, one) => sum + one, 0) / list.length

/** Seconds that a success of the job key usually takes: exp((Σ ln d + w·g)/(n + w)), g the mean ln d of all successes. */
function baselines(kept: readonly Joined[]): (jobKey: unknown) => number {
  const timed = kept.filter(isTimedSuccess).map(({ decision, outcome }) => ({
    jobKey: decision.job_key,
    lnSeconds: Math.log(outcome?.job_duration as number),
  }))
  const all = mean(timed.map(({ lnSeconds }) => lnSeconds))
  const known = new Map<unknown, number>()
  return (jobKey) => {
    const before = known.get(jobKey)
    if (before !== undefined) return before
    const own = timed.filter((one) => one.jobKey === jobKey).map(({ lnSeconds }) => lnSeconds)
    const sum = own.reduce((total, one) => total + one, 0)
    const baseline = Math.exp((sum + BASELINE_WEIGHT * all) / (own.length + BASELINE_WEIGHT))
    known.set(jobKey, baseline)
    return baseline
  }
}

function rewardsOf(
  { decision, outcome }: Joined,
  ranOn: string | null,
  baselineOf: (jobKey: unknown) => number,
): IndependentJob['rewards'] {
  const seconds = outcome?.job_duration as number | null
  const queued = outcome?.queued_seconds as number | null
  const cost = outcome?.cost_eur as number | null
  const unlessFailed = (ofSuccess: (seconds: number) => number | null) => {
    if (outcome?.job_status !== 'success') return 0
    return seconds === null ? null : ofSuccess(seconds)
  }
  return {
    // Nobody knows what a runner costs that nobody knows.
    spec: unlessFailed((d) => (ranOn === null ? null : 1 / (d / SECONDS_PER_MINUTE + (cost ?? 0) + 0.1))),
    speed: unlessFailed((d) => baselineOf(decision.job_key) / (baselineOf(decision.job_key) + d)),
    success: outcome?.job_status === 'success' ? 1 : 0,
    time_to_result: seconds === null || queued === null ? null : (queued + seconds) / SECONDS_PER_MINUTE,
    cost,
  }
}

function jobOf(one: Joined, baselineOf: (jobKey: unknown) => number): IndependentJob {
  const { decision, outcome, routing, set } = one
  const ranOn = (outcome?.arm ?? decision.actual_runner) as string | null
  const pipeline = (decision.parent_pipeline_id ?? decision.pipeline_id) as number | null
  const refused: Record<string, string[]> = JSON.parse((set ?? decision).refused as string)
  return {
    id: decision.decision_id as string,
    instance: decision.instance as string,
    jobKey: decision.job_key as string,
    cluster: `${decision.instance}/${decision.project_id}/${pipeline ?? `job ${decision.job_id}`}`,
    fold: (pipeline ?? (decision.job_id as number)) % FOLDS,
    decidedAt: instant(decision.decided_at),
    day: new Date(decision.decided_at as string).toISOString().slice(0, 10),
    startedAt: instant(decision.started_at ?? decision.decided_at),
    finishedAt: instant(outcome?.finished_at),
    queuedSeconds: outcome?.queued_seconds as number | null,
    attempt: decision.attempt as number | null,
    action: actionOf(one) as string,
    feasible: feasibleOf(one),
    refused: [...new Set(Object.values(refused).flat())],
    choices: JSON.parse((set ?? decision).choices as string),
    recorded: (routing?.propensity ?? null) as number | null,
    rewards: rewardsOf(one, ranOn, baselineOf),
  }
}
