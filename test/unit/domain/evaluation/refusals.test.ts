/** When a log refuses to answer, and what it says to do about it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Overrides, verdict } from './evidence.ts'

describe('there is no verdict', () => {
  const cases: [why: string, overrides: Overrides, reason: RegExp, advice: RegExp, more: number | null][] = [
    [
      'without jobs: 30 pipelines of 4 jobs are the least',
      { log: { decided: 0, evaluated: 0, clusters: 0 }, answer: null, propensity: null, support: null },
      /no jobs in this window/,
      /backfill/,
      120,
    ],
    [
      'when no job can be evaluated',
      {
        log: {
          evaluated: 0,
          clusters: 0,
          leftOut: [{ reason: 'tags_unknown', jobs: 4100, advice: 'Set GITLAB_API_TOKEN.' }],
        },
        answer: null,
        propensity: null,
        support: null,
      },
      /None of the 4,100 jobs in this window can be evaluated: tags unknown 4,100/,
      /GITLAB_API_TOKEN/,
      120,
    ],
    [
      'when a data check of severity error fails',
      { failedChecks: [{ name: 'propensity_range', sentence: '3 of 4012 propensities' }] },
      /propensity_range \(3 of 4012 propensities\)/,
      /runner-bandit check/,
      null,
    ],
    [
      'when the estimated propensities fail their test',
      { propensity: { isPassed: false, reason: 'The mean weight is 1.4.' } },
      /estimated propensities fail their test: the mean weight is 1\.4\./,
      /canary/,
      null,
    ],
    [
      'when the assumed ones fail theirs',
      { question: { source: 'uniform' }, propensity: { isPassed: false, reason: 'Not even.' } },
      /uniform propensities fail/,
      /Leave `--propensities uniform` out/,
      null,
    ],
    [
      'with fewer than 30 pipelines: 10 have 50 jobs, so 30 have 150',
      { log: { decided: 50, evaluated: 50, clusters: 10 } },
      /Only 10 pipelines/,
      /100 more jobs/,
      100,
    ],
    [
      'where GitLab never did what the policy would do',
      { support: { offSupportShare: 0.4 } },
      /40 % of what thompson picks, GitLab never chose among the same runners/,
      /canary/,
      null,
    ],
    [
      'with an effective sample size below 100: twice the jobs give twice of 50',
      { support: { effectiveSampleSize: 50 } },
      /worth 50 jobs/,
      /4,012 more jobs/,
      4012,
    ],
    [
      'when GitLab and the policy never agree',
      { support: { effectiveSampleSize: 0 } },
      /worth 0 jobs/,
      /hardly ever agree/,
      null,
    ],
    [
      'when fewer than 30 pipelines are in the comparison, whatever the log has: 20 of 80 jobs, 120 are the least',
      { answer: { jobs: 80, clusters: 20 }, question: { source: 'recorded' }, support: { jobs: 80 } },
      /Only 20 pipelines have jobs that can be compared/,
      /40 more jobs/,
      40,
    ],
    [
      'when one pipeline has most of the jobs, whatever the others are',
      { log: { effectiveClusters: 3.96 } },
      /A few of the 1,003 pipelines have most of the jobs: together they tell no more than 3 of one size/,
      /more pipelines, not more jobs/,
      null,
    ],
    [
      'when over 20 % of the picks were made late',
      { log: { late: 1003 } },
      /Of 25 % of the jobs the policy's pick was made only when they had ended \(at most 20 %/,
      /doctor/,
      null,
    ],
    [
      'when most of the picks are left to GitLab',
      { support: { leftShare: 0.6 } },
      /60 % of what thompson picks had no room/,
      /less load/,
      null,
    ],
    [
      'when weights do not add up',
      { support: { meanWeight: 0.8, meanWeightError: 0.02 } },
      /they are 0.80 on the average and have to be 1.00, so that some of its picks count too little/,
      /propensities are wrong/,
      null,
    ],
    [
      'when few of the jobs have the reward: of 200 effective ones a quarter',
      { support: { effectiveSampleSize: 200 }, answer: { jobs: 1003 } },
      /worth 50 jobs/,
      /4,012 more jobs/,
      4012,
    ],
    [
      'of the time of impossible picks',
      { question: { policy: 'ucb1/known', reward: 'time_to_result' }, answer: null },
      /no time to result/,
      /spec, speed or success/,
      null,
    ],
    [
      'of a policy that was not recorded, whatever it picks among',
      { question: { policy: 'greedy/known' }, answer: null, support: null },
      /What greedy\/known would do was not recorded: of these jobs there is thompson, greedy, ucb1\/known\.$/,
      /Ask for one of those/,
      null,
    ],
    [
      'when no job has both the reward and a propensity',
      { answer: null, support: null },
      /no estimated estimate of spec/,
      /without/,
      null,
    ],
  ]
  test.each(cases)('%s', (_, overrides, reason, advice, more) => {
    const found = verdict(overrides)
    expect(found.kind).toBe('no_verdict')
    expect(found.sentence).toMatch(/^No verdict on /)
    expect(found.reasons.join(' ')).toMatch(reason)
    expect(found.advice.join(' ')).toMatch(advice)
    expect(found.moreJobs).toBe(more)
    expect(found.assumptions).toEqual([])
  })

  test('and all that stands against it is said at once', () => {
    const { reasons } = verdict({
      failedChecks: [{ name: 'reward_range', sentence: '1 of 9 rewards' }],
      propensity: { isPassed: false, reason: 'Not even.' },
      support: { offSupportShare: 0.5, effectiveSampleSize: 3 },
    })
    expect(reasons).toHaveLength(4)
  })
})

test('weights may be off by 3 of their errors, or by 0.15, of what is feasible', () => {
  expect(verdict({ support: { meanWeight: 0.81, meanWeightError: 0.064 } }).kind).toBe('pays')
  expect(verdict({ support: { meanWeight: 1.149, meanWeightError: null } }).kind).toBe('pays')
  expect(verdict({ support: { meanWeight: 0.5, infeasibleShare: 0.5 } }).kind).toBe('pays')
})

test('no failing check and no failing test ever lets a verdict through, whatever the numbers', () => {
  fc.assert(
    fc.property(
      fc.double({ min: -1, max: 1, noNaN: true }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.constantFrom<Overrides>(
        { failedChecks: [{ name: 'a', sentence: 'b' }] },
        { propensity: { isPassed: false, reason: 'c' } },
        { log: { clusters: 29 } },
        { log: { effectiveClusters: 29.9 } },
        { log: { late: 803 } },
        { answer: { clusters: 29 } },
        { support: { leftShare: 0.51 } },
        { support: { meanWeight: 0.84 } },
        { support: { offSupportShare: 0.11 } },
        { support: { effectiveSampleSize: 99 } },
      ),
      (difference, half, fault) => {
        const answer = { ...fault.answer, difference, low: difference - half, high: difference + half }
        expect(verdict({ ...fault, answer }).kind).toBe('no_verdict')
      },
    ),
  )
})
