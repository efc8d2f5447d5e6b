/** The answers of the views as one report. */
import { expect, test } from 'vitest'
import { assembled } from '../../../shared/report/assemble.ts'
import { madeAnswers } from '../../support/evaluation-answers.ts'

test('of a source that fails its test there are no numbers anywhere, but why', () => {
  const report = assembled(madeAnswers())
  expect(report.withheld).toEqual([
    { source: 'uniform', reason: expect.stringContaining('mean weight of an even policy is 1.210') },
  ])
  expect(new Set(report.values.map(({ source }) => source))).toEqual(new Set(['estimated']))
})

test('when the source in question fails, everything that stands on it goes, and the verdict with it', () => {
  const { propensities, ...answers } = madeAnswers()
  const report = assembled({
    ...answers,
    propensities: propensities.map((row) => ({
      ...row,
      is_passed: row.source === 'uniform',
      worst_gap: 0.3,
    })),
  })
  expect(report.verdict.kind).toBe('no_verdict')
  expect(report.verdict.sentence).toContain('0.30 apart')
  const { comparisons, regret, curve, support, weights, job_keys, other_rewards, power } = report
  expect({ comparisons, regret, curve, support, weights, job_keys, other_rewards, power }).toEqual({
    comparisons: [],
    regret: [],
    curve: [],
    support: [],
    weights: [],
    job_keys: [],
    other_rewards: [],
    power: null,
  })
  expect(report.values.every(({ source }) => source === 'uniform')).toBe(true)
})

test('of a policy that the log does not hold it is said which ones it holds', () => {
  const { question, support, ...answers } = madeAnswers()
  const logged = { ...(support[0] as NonNullable<(typeof support)[number]>), target: 'logged' }
  const { verdict } = assembled({
    ...answers,
    support: [...support, logged],
    question: { ...question, policy: 'greedy/known' },
  })
  expect(verdict.reasons).toEqual([
    expect.stringMatching(/^What greedy\/known would do was not recorded: of these jobs there is thompson/),
  ])
  expect(verdict.reasons.join()).not.toContain('logged')
})

test('a failing check of severity warning is told and stops nothing; an error stops the verdict', () => {
  const [check] = madeAnswers().checks
  const failing = { ...(check as NonNullable<typeof check>), status: 'failed' as const, failed: 3 }
  const kindWith = (severity: 'error' | 'warning') =>
    assembled(madeAnswers({ checks: [{ ...failing, severity }] })).verdict.kind
  expect(kindWith('warning')).toBe('pays')
  expect(kindWith('error')).toBe('no_verdict')
})

test('the anytime-valid band is drawn of recorded propensities alone, and never upside down', () => {
  const answers = madeAnswers()
  expect(assembled(answers).curve.some(({ eb_low, eb_high }) => eb_low !== null || eb_high !== null)).toBe(
    false,
  )
  const [first, second, ...rest] = answers.curve
  const crossed = { ...(second as NonNullable<typeof second>), eb_low: 0.7, eb_high: 0.6 }
  const recorded = assembled({
    ...answers,
    question: { ...answers.question, propensities: 'recorded' },
    curve: [first as NonNullable<typeof first>, crossed, ...rest],
  })
  expect(recorded.curve[0]).toEqual(first)
  expect(recorded.curve[1]).toMatchObject({ eb_low: null, eb_high: null })
})

test('of a log that was nearly all routed no gap is named as the reason, since it is not asked for', () => {
  const answers = madeAnswers()
  const failing = (jobs: number, recorded: number) => {
    const [row] = answers.propensities
    const propensities = [
      {
        ...(row as NonNullable<typeof row>),
        jobs,
        recorded_jobs: recorded,
        worst_gap: 0.3,
        mean_weight: 1.4,
        is_passed: false,
      },
    ]
    return assembled({ ...answers, propensities }).withheld[0]?.reason
  }
  expect(failing(4000, 3801)).not.toContain('apart')
  expect(failing(4000, 3800)).toContain('0.30 apart')
  expect(failing(199, 100)).not.toContain('apart')
  expect(failing(200, 100)).toContain('0.30 apart')
  expect(failing(60, 0)).toContain('0.30 apart')
})

test('regret is what each is short of the best, with the interval of the pair either way round', () => {
  const { regret } = assembled(madeAnswers())
  expect(regret[0]).toMatchObject({ target: 'model-greedy/rescored', regret: 0, true_regret: 0 })
  // Logged: 0.702 − 0.556, and the interval of model-greedy/rescored minus logged, 0.146 ± 1.96 · 0.023.
  const logged = regret.find(({ target }) => target === 'logged')
  expect(logged?.regret).toBeCloseTo(0.146, 9)
  expect(logged?.low).toBeCloseTo(0.10092, 9)
  expect(logged?.true_regret).toBeCloseTo(0.69 - 0.551, 9)
  // Greedy stands on the left of its pair: greedy minus model-greedy/rescored is −0.042 ± 1.96 · 0.019.
  const greedy = regret.find(({ target }) => target === 'greedy')
  expect([greedy?.low, greedy?.high]).toEqual([expect.closeTo(0.00476, 9), expect.closeTo(0.07924, 9)])
})

test('by a reward of which less is better, the smallest value is the best, and no regret is negative', () => {
  const answers = madeAnswers()
  const { regret } = assembled({ ...answers, question: { ...answers.question, reward: 'time_to_result' } })
  expect(regret[0]).toMatchObject({ target: 'ucb1/known', regret: 0, true_regret: 0 })
  expect(regret.every((row) => row.regret >= 0 && (row.true_regret ?? 0) >= 0)).toBe(true)
})

test('power: an undecided difference of 0.02 with an error of 0.02 takes 2.8² times the jobs', () => {
  const answers = madeAnswers()
  const [first, ...rest] = answers.comparisons
  const undecided = {
    ...(first as NonNullable<typeof first>),
    difference: 0.02,
    standard_error: 0.02,
    low: -0.019,
    high: 0.059,
  }
  const { power, verdict } = assembled({ ...answers, comparisons: [undecided, ...rest] })
  // 4,012 · (1.959964 + 0.841621)² = 31,489.6 jobs in all, of which 4,012 are there.
  expect(power?.more_jobs).toBe(27_478)
  expect(power?.smallest_difference).toBeCloseTo(0.0560317, 6)
  expect(verdict).toMatchObject({ kind: 'undecided', more_jobs: 27_478 })
})

test('a decided difference needs no more jobs', () => {
  const { power, verdict } = assembled(madeAnswers())
  expect(power?.more_jobs).toBeNull()
  expect(verdict).toMatchObject({ kind: 'pays', more_jobs: null })
})
