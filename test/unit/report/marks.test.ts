/** What a report marks: numbers that cannot be, that rest on little, or on one job. */
import { describe, expect, test } from 'vitest'
import { type Answers, assembled } from '../../../shared/report/assemble.ts'
import { perThousand } from '../../../shared/report/per-thousand.ts'
import { reportOf } from '../../../shared/report/report-of.ts'
import { drawable } from '../../../shared/report/rows-of.ts'
import { terminalText } from '../../../shared/report/text.ts'
import { madeAnswers } from '../../support/evaluation-answers.ts'

const answers = madeAnswers()
const textOf = (overrides: Partial<Answers>) =>
  JSON.stringify(reportOf(assembled(madeAnswers(overrides))).blocks)
const [jobKey] = answers.job_keys
const [arm] = answers.arms
const impossible = '(impossible)'

describe('a mean that no jobs can have is marked, and not cut', () => {
  test('of a job key', () => {
    const row = { ...(jobKey as NonNullable<typeof jobKey>), logged: 1.2, difference: -5.7 }
    const text = textOf({ job_keys: [row] })
    expect(text).toContain(`−4.500 ${impossible}`)
    expect(text).toContain('outside of [0, 10]')
    expect(textOf({})).not.toContain(impossible)
  })

  test('of an arm, by an estimator, of a day, and by another reward', () => {
    const odd = (value: number) => ({ ...(arm as NonNullable<typeof arm>), adjusted_mean: value })
    expect(textOf({ arms: [odd(-0.5)] })).toContain(`−0.500 ${impossible}`)
    expect(textOf({ arms: [odd(10.5)] })).toContain(`10.500 ${impossible}`)
    const values = answers.values.map((row) => (row.estimator === 'ips' ? { ...row, value: 11.5 } : row))
    expect(textOf({ values })).toContain(`11.500 ${impossible}`)
    const curve = answers.curve.map((row) => ({ ...row, value_of_day: -0.25 }))
    expect(textOf({ curve })).toContain(`−0.250 ${impossible}`)
    const successes = (rows: Answers['other_values']) =>
      rows.map((row) => (row.reward_name === 'spec' ? { ...row, reward_name: 'success' as const } : row))
    const above = successes(answers.other_values).map((row) =>
      row.target === 'thompson' && row.reward_name === 'success' ? { ...row, value: 1.03 } : row,
    )
    const other_comparisons = answers.other_comparisons.map((row) =>
      row.reward_name === 'spec' ? { ...row, reward_name: 'success' as const } : row,
    )
    expect(textOf({ other_values: above, other_comparisons })).toContain(`1.030 ${impossible}`)
  })
})

test('an adjusted mean says whether it was seen, and on how much of the mix', () => {
  const basisOf = (overrides: Partial<Answers['arms'][number]>) =>
    textOf({ arms: [{ ...(arm as NonNullable<typeof arm>), ...overrides }] })
  expect(basisOf({})).toContain('"93 %","0.676",""')
  expect(basisOf({ covered_share: 0.49 })).toContain('mostly extrapolated')
  expect(basisOf({ shared_jobs: 29 })).toContain('of too few jobs')
  expect(basisOf({ adjusted_mean: -0.5 })).toContain('of too few jobs')
  expect(basisOf({ adjusted_mean: null, shared_jobs: 0 })).toContain('no job key is shared')
})

test('a bin of probability with fewer than 100 pairs is not taken for a finding', () => {
  const bin = (candidates: number) => [
    { source: 'estimated', bin: 7, predicted: 0.75, observed: 0.2, candidates },
  ]
  expect(textOf({ calibration: bin(99) })).toContain('0.200 (too few)')
  expect(textOf({ calibration: bin(100) })).not.toContain('too few)')
})

describe('one job on which the verdict hangs', () => {
  const { influence } = answers
  const [first, ...others] = influence?.without ?? []
  const hanging = {
    ...(influence as NonNullable<typeof influence>),
    without: [
      { ...(first as NonNullable<typeof first>), difference: 0.03, low: -0.008, high: 0.068 },
      ...others,
    ],
    fewest_pipelines: 1,
  }

  test('is named in the verdict, which is no good news any more', () => {
    const report = assembled(madeAnswers({ influence: hanging }))
    expect(report.verdict).toMatchObject({ kind: 'pays', hangs_on: 'job' })
    expect(report.verdict.sentence).toContain(
      'It hangs on one job: without job 4711 (101:build on mac-2, weight 31.4), the interval is −0.008 to +0.068',
    )
    expect(reportOf(report).blocks[0]).toMatchObject({ kind: 'notice', tone: 'warning', title: 'It pays.' })
    expect(terminalText(report)).toContain('hangs on one job')
  })

  test('stands in a table with what is left of the difference, and how few pipelines make it', () => {
    const text = textOf({ influence: hanging })
    expect(text).toContain('contains zero')
    expect(text).toContain(
      'Without the 1 of 1,003 pipelines that speak for it the most, the interval contains zero: that is fewer than one in a hundred',
    )
    expect(textOf({})).toContain('Without the 12 of 1,003')
    const none = { ...hanging, fewest_pipelines: null }
    expect(textOf({ influence: none })).toContain('Without the 20 of 1,003')
  })

  test('is nowhere in a report whose propensities fail', () => {
    const propensities = answers.propensities.map((row) => ({ ...row, is_passed: false }))
    expect(assembled(madeAnswers({ propensities, influence: hanging }))).toMatchObject({
      influence: null,
      verdict: { hangs_on: null },
    })
  })
})

describe('in things that people feel', () => {
  const of = (reward_name: 'time_to_result' | 'cost' | 'success', row: number[]) => {
    const [difference, low, high] = row as [number, number, number]
    const report = assembled(madeAnswers())
    const rows = [
      {
        reward_name,
        jobs: 4012,
        clusters: 1003,
        value: 1,
        logged: 1,
        difference,
        low,
        high,
        p_value: null,
      },
    ]
    return perThousand({ ...report, other_rewards: rows })
  }

  test.each([
    // 0.6 minutes of 1,000 jobs are 10 hours.
    ['time_to_result', [-0.6, -0.9, -0.3], '10.0 fewer hours of waiting and running (5.0 to 15.0)'],
    ['time_to_result', [0.6, 0.3, 0.9], '10.0 more hours of waiting and running (5.0 to 15.0)'],
    ['cost', [0.002, 0.001, 0.003], '2.0 more EUR (1.0 to 3.0)'],
    ['success', [-0.015, -0.048, 0.018], '15 fewer successes, or none (48 fewer to 18 more)'],
    ['success', [0, 0, 0], 'no more successes'],
  ] as const)('%s %j', (reward, row, words) => {
    expect(of(reward, [...row])).toContain(`By 1,000 jobs: ${words}. `)
  })

  test('nothing without a verdict', () => {
    const report = assembled(madeAnswers())
    expect(perThousand(report)).toContain('hours')
    expect(perThousand({ ...report, verdict: { ...report.verdict, kind: 'no_verdict' } })).toBe('')
  })
})

test('without a verdict the numbers are said to be no conclusion', () => {
  const log = { ...answers.log, pipelines: 12 }
  expect(textOf({ log })).toContain('nothing is to be concluded from the numbers below')
  expect(textOf({})).not.toContain('nothing is to be concluded')
})

test('the asked policy stands on the left of every pair', () => {
  // greedy minus thompson is +0.019 (−0.0202 to +0.0582): thompson minus greedy is the negative of it.
  expect(textOf({})).toContain('["greedy","−0.019","−0.058 to +0.020"')
})

test('what was picked in hindsight differs only in hindsight', () => {
  const text = textOf({})
  expect(text).toMatch(/"model-greedy\/rescored","\+0\.146",[^\]]*"yes, in hindsight"/)
  expect(text).toContain('It was picked in hindsight: what a policy could be')
})

test('how many comparisons are made together is said', () => {
  expect(textOf({})).toContain('9 are made here by this reward')
})

test('what picks impossible arms is left out of a drawing only where it is far off', () => {
  const rows = (far: number) => [
    { target: 'thompson', value: 0.6 },
    { target: 'logged', value: 0.5 },
    { target: 'ucb1/known', value: far },
  ]
  const drawnOf = (far: number, asked = 'thompson') =>
    drawable(rows(far), asked, ({ value }) => value).drawn.length
  expect([drawnOf(0.45), drawnOf(0.39), drawnOf(0.69), drawnOf(0.71)]).toEqual([3, 2, 3, 2])
  expect(drawnOf(0.01, 'ucb1/known')).toBe(3)
})
