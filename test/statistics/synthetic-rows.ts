/** The rows that a placed job leaves in the tables, and in what ways they fall short. */
import type { Draw } from '../../shared/domain/rng.ts'
import type { Row } from '../../shared/ports.ts'
import type { LogTables } from './independent/jobs.ts'
import { ARMS, feasibleFor, type SyntheticArm, type SyntheticKey } from './synthetic-fleet.ts'

export type Plan = {
  projectId: number
  instance: string
  createdAt: number
  pipelineId: number | null
  parentPipelineId: number | null
  isCanary: boolean
}

export type Placed = {
  plan: Plan
  key: SyntheticKey
  jobId: number
  createdAt: number
  startedAt: number
  finishedAt: number
  arm: SyntheticArm
  /** Null unless it was routed. */
  propensity: number | null
  choices: string
}

const iso = (ms: number) => new Date(ms).toISOString()

/** What goes wrong with a few in a hundred of the jobs, at most one thing each. */
const FLAWS = [
  ['running', 0.01],
  ['no arm', 0.01],
  ['unknown tags', 0.05],
  ['action not feasible', 0.005],
  ['unknown duration', 0.02],
  ['unknown queue', 0.02],
  ['late decision', 0.02],
  ['written twice', 0.02],
  ['landed elsewhere', 0.03],
  ['advisory', 0.01],
  ['no choices', 0.01],
] as const
type Flaw = (typeof FLAWS)[number][0]

function flawOf(draw: Draw): Flaw | undefined {
  let left = draw()
  return FLAWS.find(([, share]) => {
    left -= share
    return left < 0
  })?.[0]
}

export function rowsOfJob(placed: Placed, draw: Draw): LogTables {
  const { plan, key, jobId } = placed
  const flaw = flawOf(draw)
  const job = { instance: plan.instance, project_id: plan.projectId, job_id: jobId }
  const other = ARMS.find(({ arm }) => !feasibleFor(key).some((one) => one.arm === arm))
  let actual: string | null = placed.arm.arm
  if (flaw === 'no arm') actual = null
  if (flaw === 'landed elsewhere' && plan.isCanary) actual = 'arm-05'
  if (flaw === 'action not feasible' && !plan.isCanary) actual = other?.arm ?? 'arm-99'
  const decision = decisionOf(placed, job, actual, flaw, draw)
  const outcome = outcomeOf(placed, job, actual, flaw, draw)
  const isLate = flaw === 'late decision'
  return {
    runner_decisions:
      flaw === 'written twice'
        ? [decision, decision, lateOf(decision, placed)]
        : [isLate ? lateOf(decision, placed) : decision],
    job_outcomes: flaw === 'running' ? [] : flaw === 'written twice' ? [outcome, outcome] : [outcome],
    ...routing(placed, flaw),
  }
}

/** As it is made at the finish, when the start was not seen. */
const lateOf = (decision: Row, { finishedAt }: Placed): Row => ({
  ...decision,
  decision_id: `${decision.decision_id}/finish`,
  decided_at: iso(finishedAt + 1000),
  decided_late: true,
})

function decisionOf(
  { plan, key, startedAt, choices }: Placed,
  job: Row,
  actual: string | null,
  flaw: Flaw | undefined,
  draw: Draw,
): Row {
  const feasible = feasibleFor(key)
  const refused = ARMS.filter((one) => !feasible.includes(one)).map(({ arm }) => arm)
  return {
    decision_id: `${job.instance}/${job.project_id}/${job.job_id}`,
    ...job,
    project_path: `group/project-${key.projectId}`,
    pipeline_id: plan.pipelineId,
    parent_pipeline_id: plan.parentPipelineId,
    job_key: key.jobKey,
    job_name: key.jobName,
    stage: 'test',
    source: 'synthetic',
    decided_at: iso(startedAt + 1000),
    decided_late: false,
    started_at: iso(startedAt),
    actual_runner: actual,
    actual_unmanaged: false,
    mab_runner: null,
    nsai_runner: null,
    nsai_feasible_count: feasible.length,
    nsai_confidence: null,
    mab_would_match: null,
    nsai_would_match: null,
    job_tags: flaw === 'unknown tags' ? null : key.tags.join(','),
    tags_source: flaw === 'unknown tags' ? 'unknown' : 'jobs_api',
    known_count: ARMS.length,
    feasible: JSON.stringify(feasible.map(({ arm }) => ({ arm, observations: 0, mean_reward: 0 }))),
    // The last arm breaks two rules.
    refused: JSON.stringify({ tags: refused, protected: refused.slice(-1) }),
    choices,
    state_generation: '1',
    state_as_of_at: null,
    state_lag_seconds: null,
    state_observations: 0,
    attempt: draw() < 0.1 ? 1 : 0,
    seed: `${job.job_id}`,
  }
}

function outcomeOf(
  { key, arm, createdAt, startedAt, finishedAt }: Placed,
  job: Row,
  actual: string | null,
  flaw: Flaw | undefined,
  draw: Draw,
): Row {
  const chance = draw()
  const status = chance < 0.05 ? 'canceled' : chance < 0.05 + key.failureShare ? 'failed' : 'success'
  const seconds = flaw === 'unknown duration' ? null : (finishedAt - startedAt) / 1000 - 7 * draw()
  const cost = seconds === null ? null : (arm.eurPerHour * seconds) / 3600
  const spec = (d: number) => (status === 'success' ? 1 / (d / 60 + (arm.eurPerHour * d) / 3600 + 0.1) : 0)
  return {
    event_id: `${job.instance}/${job.project_id}/${job.job_id}/finish`,
    ...job,
    job_status: status,
    job_duration: seconds,
    queued_seconds: flaw === 'unknown queue' ? null : (startedAt - createdAt) / 1000,
    failure_reason: status === 'failed' ? 'script_failure' : null,
    runner_failure: false,
    arm: actual,
    reward: seconds === null || status === 'canceled' || actual === null ? null : spec(seconds),
    cost_eur: cost,
    finished_at: iso(finishedAt),
    received_at: iso(finishedAt + 2000),
    late: false,
    routing_decision_id: null,
  }
}

/** The answer that the canary's parent pipeline got, and what it was drawn from. */
function routing(
  { plan, key, jobId, arm, propensity, createdAt, choices }: Placed,
  flaw: Flaw | undefined,
): Pick<LogTables, 'recommendations' | 'choice_sets'> {
  if (propensity === null) return { recommendations: [], choice_sets: [] }
  const feasible = feasibleFor(key)
  const refused = ARMS.filter((one) => !feasible.includes(one)).map((one) => one.arm)
  const recommendation: Row = {
    decision_id: `recommendation-${jobId}`,
    decided_at: iso(createdAt - 5000),
    kind: 'arm',
    project: String(key.projectId),
    job_name: key.jobName,
    job_key: key.jobKey,
    job_tags: key.tags.join(','),
    policy: 'thompson',
    policy_version: '1',
    arm: arm.arm,
    tag: arm.arm,
    propensity,
    confidence: null,
    choice_set_id: `set-${jobId}`,
    feasible_count: feasible.length,
    reason: null,
    state_generation: '1',
    state_as_of_at: null,
    state_observations: 0,
    project_id: key.projectId,
    pipeline_id: plan.parentPipelineId,
    asked_by_job_id: null,
    mode: flaw === 'advisory' ? 'advisory' : 'canary',
    routed: flaw !== 'advisory',
    canary_share: 0.5,
    canary_group: 'policy',
  }
  const set: Row = {
    choice_set_id: `set-${jobId}`,
    made_at: iso(createdAt - 5000),
    policy: 'thompson',
    policy_version: '1',
    parameters: '{}',
    state_generation: '1',
    // Best first: the order is no one else's.
    feasible: JSON.stringify(
      feasible
        .toReversed()
        .map((one) => ({ arm: one.arm, score: one.speed, probability: 0.5, observations: 0 })),
    ),
    refused: JSON.stringify({ tags: refused }),
    choices: flaw === 'no choices' ? null : choices,
  }
  return { recommendations: [recommendation], choice_sets: [set] }
}
