/** What one job and one pipeline have to do with an evaluation: as of the same terms, computed anew without them. */
import { beforeAll, expect, test } from 'vitest'
import { runOperation } from '../../functions/operations.ts'
import { compared } from '../../shared/domain/evaluation/comparison.ts'
import type { Term } from '../../shared/domain/evaluation/estimate.ts'
import type { EvaluationReport, WithoutRow } from '../../shared/schema/evaluation-report.ts'
import { recordEvaluatedLog } from '../support/evaluated-log.ts'
import { startServer } from '../support/server.ts'

const PIPELINES = 60

type LoggedTerm = Term & { target: string; jobId: number; decisionId: string }
type Row = Record<string, unknown>

let report: EvaluationReport
let terms: { policy: LoggedTerm[]; logged: LoggedTerm[] }
let decisions: Row[]

beforeAll(async () => {
  const { deps } = await startServer({ BANDIT_ALGORITHM: 'thompson' })
  await recordEvaluatedLog(deps, PIPELINES)
  report = (await runOperation('evaluate', { propensities: 'uniform' }, deps, () => {})) as EvaluationReport
  decisions = await deps.warehouse.query(
    'SELECT decision_id, job_id, job_key, action FROM ci_metrics.evaluation_decisions',
  )
  const jobOf = new Map(decisions.map(({ decision_id, job_id }) => [decision_id, job_id]))
  const rows = await deps.warehouse.query(
    `SELECT decision_id, cluster_id, target, weight, reward, feasible, model_policy, model_action
FROM ci_metrics.policy_terms
WHERE reward_name = 'spec' AND source = 'uniform' AND target IN ('thompson', 'logged')
ORDER BY decision_id`,
  )
  const termOf = (row: Row): LoggedTerm => ({
    target: row.target as string,
    decisionId: row.decision_id as string,
    jobId: jobOf.get(row.decision_id) as number,
    cluster: row.cluster_id as string,
    weight: row.weight as number,
    reward: row.reward as number,
    feasible: row.feasible as number,
    modelPolicy: row.model_policy as number,
    modelAction: row.model_action as number,
  })
  const of = (target: string) => rows.filter((row) => row.target === target).map(termOf)
  terms = { policy: of('thompson'), logged: of('logged') }
})

const anew = (isKept: (term: LoggedTerm) => boolean) =>
  compared(terms.policy.filter(isKept), terms.logged.filter(isKept), 'dr')

const leftBy = ({ unit, job_id, cluster_id }: WithoutRow) =>
  anew(({ jobId, cluster }) => (unit === 'job' ? jobId !== job_id : cluster !== cluster_id))

test('each is as computed anew of the other jobs', () => {
  const without = report.influence?.without ?? []
  expect(without.map(({ unit }) => unit)).toEqual(['job', 'job', 'pipeline', 'pipeline'])
  for (const row of without) {
    const { difference, low, high, sequenceLow, sequenceHigh } = leftBy(row)
    expect(row.difference).toBeCloseTo(difference as number, 9)
    expect([row.low, row.high]).toEqual([expect.closeTo(low as number, 9), expect.closeTo(high as number, 9)])
    expect(row.sequence_low).toBeCloseTo(sequenceLow as number, 9)
    expect(row.sequence_high).toBeCloseTo(sequenceHigh as number, 9)
  }
})

test('no other job or pipeline moves the difference farther to that side', () => {
  const jobs = terms.policy.map(({ jobId }) => anew((term) => term.jobId !== jobId).difference as number)
  const clusters = [...new Set(terms.policy.map(({ cluster }) => cluster))].map(
    (cluster) => anew((term) => term.cluster !== cluster).difference as number,
  )
  const of = (unit: string) =>
    (report.influence?.without ?? []).flatMap((row) => (row.unit === unit ? [row.difference] : []))
  for (const [unit, all] of [
    ['job', jobs],
    ['pipeline', clusters],
  ] as const) {
    expect(Math.min(...of(unit))).toBeCloseTo(Math.min(...all), 9)
    expect(Math.max(...of(unit))).toBeCloseTo(Math.max(...all), 9)
  }
})

test('a job is named by what it is and where it ran', () => {
  const job = report.influence?.without.find(({ unit }) => unit === 'job')
  const decision = decisions.find(({ job_id }) => job_id === job?.job_id)
  expect(job).toMatchObject({ job_key: decision?.job_key, arm: decision?.action, jobs: 1 })
  expect(job?.weight).toBe(terms.policy.find(({ jobId }) => jobId === job?.job_id)?.weight)
})

test('the answer of a clear case hangs on nobody, also not on twenty pipelines', () => {
  expect(report.verdict.hangs_on).toBeNull()
  expect(report.influence).toMatchObject({
    pipelines: PIPELINES,
    fewest_pipelines: null,
    asked_pipelines: 20,
  })
})

test('every arm ran both job keys, so that its adjusted mean is nowhere inferred', () => {
  expect(report.arms).toHaveLength(4)
  for (const { shared_job_keys, covered_share } of report.arms)
    expect({ shared_job_keys, covered_share }).toEqual({ shared_job_keys: 2, covered_share: 1 })
})
