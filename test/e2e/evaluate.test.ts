/** `runner-bandit evaluate` and `replay-policy`: on nothing, on too little, and on a log whose answer is known. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { said } from '../../functions/cli/replay-policy.ts'
import { runOperation } from '../../functions/operations.ts'
import type { PolicyReplay } from '../../functions/replay-policy.ts'
import type { Row } from '../../shared/ports.ts'
import { asker, SHARED_VIEWS, statementOf } from '../../shared/runtime/ask-evaluation.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { questionsOn } from '../../shared/runtime/evaluation-questions.ts'
import { loadCatalogue } from '../../shared/runtime/sql.ts'
import type { EvaluationReport } from '../../shared/schema/evaluation-report.ts'
import { NOON } from '../support/builders.ts'
import { JOBS_OF_PIPELINE, recordEvaluatedLog } from '../support/evaluated-log.ts'
import { dataFolder, playDockerRunners, runCommand, startServer } from '../support/server.ts'

const PIPELINES = 200
const JOBS = PIPELINES * JOBS_OF_PIPELINE
const silently = () => {}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (const item of items) results.push(await work(item))
  return results
}

/** Rows in any order, their numbers to ten digits: sums come in any order, too. */
const rounded = (rows: readonly Row[]) =>
  rows
    .map((row) => JSON.stringify(row, (_, cell) => (typeof cell === 'number' ? cell.toPrecision(10) : cell)))
    .sort()

const evaluate = (deps: LocalDeps, input: object = {}) =>
  runOperation('evaluate', input, deps, silently) as Promise<EvaluationReport>

describe('without a single job', () => {
  test('the command says what is missing, and that is no failure', async () => {
    const env = { RUNNER_BANDIT_DATA: dataFolder() }
    const file = join(dataFolder(), 'report.html')
    const { code, stdout } = await runCommand(['evaluate', '--html', file], env)
    expect({ code, stdout }).toEqual({ code: 0, stdout: expect.stringContaining('the log has no jobs') })
    expect(stdout).toContain(`The report is in ${file}.`)
    const html = readFileSync(file, 'utf8')
    expect(html).toContain('about 120 jobs')
  })

  test.each([
    [['--policy', 'magic'], /Allowed choices are ucb1/],
    [['--policy', 'greedy/known'], /Allowed choices are .*uniform, ucb1\/known, reward-greedy\/rescored/],
    [['--html', 'a.html', '--json'], /leave out --html/],
    [['--html', '/nowhere/at/all.html'], /The report cannot be written/],
  ])('%j is refused with a sentence', async (flags, sentence) => {
    const { code, stderr } = await runCommand(['evaluate', ...flags], { RUNNER_BANDIT_DATA: dataFolder() })
    expect(code).toBe(1)
    expect(stderr).toMatch(sentence)
    expect(stderr).not.toContain('    at ')
  })
})

test('jobs whose tags nobody told are no basis: the token is named that would tell them', async () => {
  const { url, deps } = await startServer()
  await playDockerRunners(url)
  await deps.deliveries.drained()
  const { verdict, log, question } = await evaluate(deps)
  expect(question.is_primary).toBe(true)
  expect(log).toMatchObject({ decided_jobs: 4, evaluated_jobs: 0 })
  expect(verdict.kind).toBe('no_verdict')
  expect(verdict.sentence).toContain('none of the 4 jobs in this window can be evaluated: tags unknown 4')
  expect(verdict.advice.join(' ')).toContain('GITLAB_API_TOKEN')
})

describe('a log of 200 pipelines in which one runner is four times as fast', () => {
  let deps: LocalDeps
  let report: EvaluationReport

  beforeAll(async () => {
    const server = await startServer({ BANDIT_ALGORITHM: 'thompson' })
    deps = server.deps
    await recordEvaluatedLog(deps, PIPELINES)
    report = await evaluate(deps, { propensities: 'uniform' })
  })

  const worthOf = (target: string) =>
    report.values.find((row) => row.target === target && row.estimator === 'dr' && row.source === 'uniform')
      ?.value ?? Number.NaN

  test('following the policy pays, by about what the fast runner is better', () => {
    // By propensities that the settings do not ask by.
    expect(report.verdict.sentence).toMatch(/^Exploratory: it pays\. Had every job gone where thompson said/)
    expect(report.verdict.decided_by).toBe('sequence')
    expect(report.log).toMatchObject({ evaluated_jobs: JOBS, pipelines: PIPELINES, job_keys: 2, arms: 4 })
    // All pipelines have as many jobs.
    expect(report.log).toMatchObject({ late_jobs: 0, effective_pipelines: PIPELINES })
    // 1/(minutes + 0.1), minutes between 0.8 and 1.2 times 20/60 or 80/60: 2.33 and 0.70 on the mean.
    expect(worthOf('thompson')).toBeGreaterThan(2)
    expect(worthOf('thompson')).toBeLessThan(2.5)
    expect(worthOf('logged')).toBeCloseTo((2.33 + 3 * 0.7) / 4, 1)
    expect(worthOf('uniform')).toBeCloseTo((2.33 + 3 * 0.7) / 4, 1)
  })

  test('every statement that was run has its hash, and nothing was drawn by chance', () => {
    const { queries, seed } = report.reproduction
    expect(queries.length).toBeGreaterThan(10)
    for (const { sha256 } of queries) expect(sha256).toMatch(/^[0-9a-f]{64}$/)
    expect(seed).toBeNull()
  })

  test('a window leaves the other jobs out', async () => {
    // Jobs start every two minutes: the first hour has 30 of them, of 8 pipelines.
    const input = { from: new Date(NOON).toISOString(), to: new Date(NOON + 3_600_000).toISOString() }
    const { log, verdict, question } = await evaluate(deps, input)
    expect(log.evaluated_jobs).toBe(30)
    // Whoever chooses a window could have chosen another.
    expect(question).toMatchObject({ policy: 'thompson', reward: 'spec', is_primary: false })
    expect(verdict.sentence).toContain('only 8 pipelines')
  })

  test('a window that is none is refused', async () => {
    await expect(evaluate(deps, { from: 'soon' })).rejects.toThrow(/--from "soon": give a day/)
    await expect(evaluate(deps, { from: '2026-10-02', to: '2026-10-01' })).rejects.toThrow(
      /--from 2026-10-02 is not before --to 2026-10-01/,
    )
  })

  test('what is computed once for all answers changes none of them', async () => {
    const asked = { policy: 'ucb1', reward: 'spec', source: 'estimated', primaryReward: 'spec' }
    const { support, estimates, other_rewards: others, curve, job_keys: keys } = questionsOn(asked)
    const statements = [support, estimates, others, curve, keys]
    const whole = { fromAt: undefined, toAt: undefined }
    const told = await deps.warehouse.session(async (session) => {
      const { keep, ask } = asker(session, whole)
      for (const view of SHARED_VIEWS) await keep(view, statements)
      return inTurn(statements, (statement) => ask('any', statement))
    })
    const alone = await inTurn(statements, (statement) =>
      deps.warehouse.query(statementOf(statement, loadCatalogue(), whole)),
    )
    expect(told.map(rounded)).toEqual(alone.map(rounded))
  })

  test('had the policy been in control, it would have learned the same, by replay', async () => {
    const input = { policy: 'thompson', propensities: 'uniform', seeds: 5 }
    const replay = (await runOperation('replay-policy', input, deps, silently)) as PolicyReplay
    // Of a logger that draws one of four, every fourth job is kept: 200 ± 3 · 12.
    expect(replay).toMatchObject({ jobs: JOBS, smallest_propensity: 0.25, below_smallest_jobs: 0 })
    expect(replay.kept_jobs).toBeGreaterThan(164)
    expect(replay.kept_jobs).toBeLessThan(236)
    expect(replay.replayed.value).toBeGreaterThan(1.8)
    expect(replay.replayed.value).toBeLessThan(2.4)
    expect(replay.logged.value).toBeCloseTo(worthOf('logged'), 9)
    expect(said(replay)).toMatch(/^In control of its first \d+ jobs, thompson would have earned/)
  })
})
