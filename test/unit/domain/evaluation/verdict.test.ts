/** When a log answers, when it refuses, and in which words. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type Evidence, type VerdictLimits, verdictOf } from '../../../../shared/domain/evaluation/verdict.ts'

const LIMITS: VerdictLimits = { mostOffSupport: 0.1, fewestEffective: 100, fewestClusters: 30 }

const ANSWER: NonNullable<Evidence['answer']> = {
  clusters: 1003,
  value: 0.641,
  logged: 0.556,
  difference: 0.085,
  low: 0.046,
  high: 0.124,
  sequenceLow: 0.027,
  sequenceHigh: 0.143,
  pHolm: 0.0002,
}

type Overrides = {
  question?: Partial<Evidence['question']>
  log?: Partial<Evidence['log']>
  answer?: Partial<NonNullable<Evidence['answer']>> | null
} & Partial<Omit<Evidence, 'question' | 'log' | 'answer'>>

function evidence({ question, log, answer, ...rest }: Overrides = {}): Evidence {
  return {
    question: { policy: 'thompson', reward: 'spec', source: 'estimated', isPrimary: true, ...question },
    log: { decided: 4100, evaluated: 4012, leftOut: [], clusters: 1003, ...log },
    failedChecks: [],
    propensity: { isPassed: true, reason: '' },
    support: { offSupportShare: 0.01, effectiveSampleSize: 812, infeasibleShare: 0, leftShare: 0 },
    answer: answer === null ? null : { ...ANSWER, ...answer },
    moreJobs: null,
    smallestDifference: 0.056,
    ...rest,
  }
}

const verdict = (overrides: Overrides) => verdictOf(evidence(overrides), LIMITS)

test('a difference above zero pays, in one sentence with its interval and what it stands on', () => {
  const { kind, sentence, assumptions, moreJobs } = verdict({})
  expect(kind).toBe('pays')
  expect(sentence).toBe(
    'It pays. Had every job gone where thompson said, the mean reward would have been 0.641 instead of 0.556: +0.085 (95 %: +0.046 to +0.124; doubly robust, estimated propensities, 1,003 pipelines), for jobs rerouted one at a time.',
  )
  expect(assumptions.join(' ')).toContain('+0.027 to +0.143')
  expect(assumptions.join(' ')).toContain('one at a time')
  expect(moreJobs).toBeNull()
})

describe('which way is better hangs on the reward', () => {
  test.each([
    ['spec', 0.02, 0.1, 'pays'],
    ['spec', -0.1, -0.02, 'does_not_pay'],
    ['spec', -0.02, 0.1, 'undecided'],
    ['time_to_result', -0.9, -0.1, 'pays'],
    ['time_to_result', 0.1, 0.9, 'does_not_pay'],
    ['cost', 0.0001, 0.0003, 'does_not_pay'],
  ] as const)('%s from %s to %s: %s', (reward, low, high, kind) => {
    expect(verdict({ question: { reward }, answer: { low, high, difference: (low + high) / 2 } }).kind).toBe(
      kind,
    )
  })
})

test('an undecided one says how many more jobs, and what could have been found', () => {
  const { kind, sentence, moreJobs } = verdict({ answer: { low: -0.02, high: 0.06 }, moreJobs: 3400 })
  expect({ kind, moreJobs }).toEqual({ kind: 'undecided', moreJobs: 3400 })
  expect(sentence).toContain('about 3,400 more jobs')
  expect(sentence).toContain('differences from 0.056 on')
})

test('a question that was not laid down beforehand has to stand out among all that are asked', () => {
  const asked = { question: { isPrimary: false, policy: 'greedy' } }
  expect(verdict({ ...asked, answer: { pHolm: 0.08 } }).kind).toBe('undecided')
  expect(verdict({ ...asked, answer: { pHolm: null } }).kind).toBe('undecided')
  expect(verdict({ ...asked, answer: { pHolm: 0.01 } }).kind).toBe('pays')
  expect(verdict({ answer: { pHolm: 0.08 } }).kind).toBe('pays')
  expect(verdict({ ...asked, answer: { pHolm: 0.01 } }).assumptions.join(' ')).toContain('it explores')
})

test('picks without room are named as left to GitLab', () => {
  const support = { offSupportShare: 0, effectiveSampleSize: 400, infeasibleShare: 0, leftShare: 0.23 }
  expect(verdict({ support }).assumptions.join(' ')).toContain('23 % of the picks had no room')
  expect(verdict({}).assumptions.join(' ')).not.toContain('no room')
})

test('picks that could not have run the job are named as what they are', () => {
  const support = { offSupportShare: 0, effectiveSampleSize: 400, infeasibleShare: 0.89, leftShare: 0 }
  expect(verdict({ support }).assumptions.join(' ')).toContain('89 % of the picks could not have run the job')
})

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
      /estimated propensities fail their test: The mean weight is 1\.4\./,
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
      { support: { offSupportShare: 0.4, effectiveSampleSize: 800, infeasibleShare: 0, leftShare: 0 } },
      /40 % of what thompson picks, GitLab never chose/,
      /canary/,
      null,
    ],
    [
      'with an effective sample size below 100: twice the jobs give twice of 50',
      { support: { offSupportShare: 0, effectiveSampleSize: 50, infeasibleShare: 0, leftShare: 0 } },
      /worth 50 jobs/,
      /4,012 more jobs/,
      4012,
    ],
    [
      'when GitLab and the policy never agree',
      { support: { offSupportShare: 0, effectiveSampleSize: 0, infeasibleShare: 0, leftShare: 0 } },
      /worth 0 jobs/,
      /hardly ever agree/,
      null,
    ],
    [
      'of the time of impossible picks',
      { question: { policy: 'ucb1/known', reward: 'time_to_result' }, answer: null },
      /no time to result/,
      /spec, speed or success/,
      null,
    ],
    [
      'when the policy is not in the log',
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
      support: { offSupportShare: 0.5, effectiveSampleSize: 3, infeasibleShare: 0, leftShare: 0 },
    })
    expect(reasons).toHaveLength(4)
  })
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
        { support: { offSupportShare: 0.11, effectiveSampleSize: 800, infeasibleShare: 0, leftShare: 0 } },
        { support: { offSupportShare: 0, effectiveSampleSize: 99, infeasibleShare: 0, leftShare: 0 } },
      ),
      (difference, half, fault) => {
        const answer = { difference, low: difference - half, high: difference + half }
        expect(verdict({ ...fault, answer }).kind).toBe('no_verdict')
      },
    ),
  )
})
