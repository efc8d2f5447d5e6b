/** When a log answers, and in which words. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verdict } from './evidence.ts'

test('a difference above zero pays, in one sentence with its interval and what it stands on', () => {
  const { kind, decidedBy, sentence, assumptions, moreJobs } = verdict({})
  expect({ kind, decidedBy }).toEqual({ kind: 'pays', decidedBy: 'sequence' })
  expect(sentence).toBe(
    'It pays. Had every job gone where thompson said, the mean reward would have been 0.641 instead of 0.556: +0.085 a job, 15 % better (95 %: +0.046 to +0.124; doubly robust, estimated propensities, 4,012 jobs of 1,003 pipelines), for jobs rerouted one at a time.',
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
  expect(sentence).toContain('about 3,400 more jobs would decide it at one look, with 80 % probability')
  expect(sentence).toContain('differences from 0.056 on')
})

test('a question that is not the one of the settings has to stand out among all that are asked', () => {
  const asked = { question: { isPrimary: false, policy: 'greedy' } }
  expect(verdict({ ...asked, answer: { pHolm: 0.08 } }).kind).toBe('undecided')
  expect(verdict({ ...asked, answer: { pHolm: null } }).kind).toBe('undecided')
  expect(verdict({ ...asked, answer: { pHolm: 0.01 } }).kind).toBe('pays')
  expect(verdict({ answer: { pHolm: 0.08 } }).kind).toBe('pays')
  expect(verdict({ ...asked, answer: { pHolm: 0.01 } }).assumptions.join(' ')).toContain('it explores')
})

test('picks without room are named as left to GitLab', () => {
  const { sentence, assumptions } = verdict({ support: { leftShare: 0.14 } })
  expect(sentence).toContain(
    'Had every job gone where thompson said, as far as there was room (86 % of its picks), the mean reward',
  )
  expect(assumptions.join(' ')).toContain('14 % of the picks had no room')
  expect(verdict({}).assumptions.join(' ')).not.toContain('no room')
})

test('picks that could not have run the job are named as what they are', () => {
  const support = { infeasibleShare: 0.89, meanWeight: 0.11 }
  expect(verdict({ support }).assumptions.join(' ')).toContain('89 % of the picks could not have run the job')
})

describe('looked at again and again', () => {
  const open = { sequenceLow: -0.004, sequenceHigh: 0.174 }

  test('a difference that only this look tells from zero is decided at one look, and who may say so is said', () => {
    const { kind, decidedBy, sentence } = verdict({ answer: open })
    expect({ kind, decidedBy }).toEqual({ kind: 'pays', decidedBy: 'one_look' })
    expect(sentence).toMatch(/^At one look it pays\. /)
    expect(sentence).toMatch(/Only who had settled beforehand to look now, and only now, may say so/)
    const worse = { low: -0.124, high: -0.046, difference: -0.085, sequenceLow: -0.17, sequenceHigh: 0.01 }
    expect(verdict({ answer: worse }).sentence).toMatch(/^At one look it does not pay\. /)
  })

  test('one that the sequence tells from zero is decided, either way', () => {
    const worse = { low: -0.124, high: -0.046, difference: -0.085, sequenceLow: -0.17, sequenceHigh: -0.01 }
    expect(verdict({ answer: worse })).toMatchObject({ kind: 'does_not_pay', decidedBy: 'sequence' })
    expect(verdict({ answer: worse }).sentence).toMatch(/^It does not pay\. /)
  })

  test('without a sequence nothing is decided for good; undecided, nobody decided', () => {
    const none = { sequenceLow: null, sequenceHigh: null }
    expect(verdict({ answer: none }).decidedBy).toBe('one_look')
    expect(verdict({ answer: { low: -0.1, high: 0.2, ...open } }).decidedBy).toBeNull()
  })
})

test('the numbers of the sentence add up, as they are printed', () => {
  const numbers = (least: number) =>
    fc.integer({ min: least, max: 5e6 }).map((millionths) => millionths / 1e6)
  fc.assert(
    fc.property(numbers(0), numbers(-5e6), numbers(1000), (value, difference, half) => {
      const answer = { value, difference, low: difference - half, high: difference + half }
      const { sentence } = verdict({ answer })
      const [, policy, logged, gain] = (
        /been (\S+) instead of (\S+): (\S+?)(?: a job.*?)? \(/.exec(sentence) ?? []
      ).map((text) => Number(text.replace('−', '-'))) as [number, number, number, number]
      expect(policy - logged).toBeCloseTo(gain, 9)
    }),
  )
})

test('late picks are named from 5 % of the jobs on', () => {
  const told = (late: number) => verdict({ log: { late } }).assumptions.join(' ')
  expect(told(200)).not.toContain('when they had ended')
  expect(told(402)).toContain('Of 10 % of the jobs the pick was made when they had ended')
})

describe('asked otherwise than the settings ask, it explores', () => {
  const explores = { question: { isPrimary: false, policy: 'greedy' } }
  const policy = 'model-greedy/rescored'
  const rescored = { question: { isPrimary: false, policy }, targets: [policy] }

  test('and the first word says so', () => {
    expect(verdict(explores)).toMatchObject({ isExploratory: true, decidedBy: 'sequence' })
    expect(verdict(explores).sentence).toMatch(/^Exploratory: it pays\. Had/)
    expect(verdict({ ...explores, answer: { low: -0.1 } }).sentence).toMatch(/^Exploratory: undecided\. /)
    expect(verdict({})).toMatchObject({ isExploratory: false })
  })

  test('what is picked in hindsight is never decided for good, and its interval is called what it is', () => {
    expect(verdict(rescored)).toMatchObject({ isExploratory: true, decidedBy: 'one_look' })
    expect(verdict(rescored).sentence).toMatch(/^Exploratory: at one look it pays\. /)
    expect(verdict(rescored).sentence).toContain('by a rule that was learned from this same log')
  })
})

describe('one job that decides', () => {
  const of = (difference: number, half: number, wide: number) => ({
    unit: 'job' as const,
    name: 'job 4711',
    difference,
    low: difference - half,
    high: difference + half,
    sequenceLow: difference - wide,
    sequenceHigh: difference + wide,
  })

  test.each([
    ['the interval would contain zero', of(0.03, 0.04, 0.06), /−0\.010 to \+0\.070, and contains zero/],
    ['the sequence would', of(0.05, 0.04, 0.06), /only the interval of one look leaves zero out/],
    ['it would be the other way round', of(-0.09, 0.04, 0.06), /without job 4711/],
  ])('is named where without it %s', (_what, without, words) => {
    const { hangsOn, sentence, advice } = verdict({ without: [of(0.08, 0.04, 0.06), without] })
    expect(hangsOn).toBe('job')
    expect(sentence).toMatch(/It hangs on one job: without job 4711, /)
    expect(sentence).toMatch(words)
    expect(advice.join(' ')).toMatch(/^Look at that job first/)
  })

  test('is not named where as much would be said without it, or nothing is decided', () => {
    expect(verdict({ without: [of(0.08, 0.04, 0.06)] })).toMatchObject({ hangsOn: null, reasons: [] })
    const undecided = verdict({ answer: { low: -0.01 }, without: [of(0.08, 0.04, 0.06)] })
    expect(undecided.hangsOn).toBeNull()
    expect(undecided.sentence).not.toContain('hangs')
  })

  test('one that moves the difference by half of the half width is named, whatever comes of it', () => {
    // Of 0.085 ± 0.039: from 0.0195 on.
    expect(verdict({ without: [of(0.104, 0.03, 0.05)] }).reasons).toEqual([])
    expect(verdict({ without: [of(0.105, 0.03, 0.05)] }).reasons.join(' ')).toContain(
      'without job 4711 the difference is +0.105 (+0.075 to +0.135)',
    )
  })
})

test('an estimate that cannot be is no answer, whichever side it is impossible on', () => {
  const { kind, sentence } = verdict({ question: { reward: 'success' }, answer: { value: 1.04 } })
  expect(kind).toBe('no_verdict')
  expect(sentence).toContain('the success rate would be 1.040, and can only be [0, 1]')
  expect(verdict({ answer: { value: -0.2 } }).kind).toBe('no_verdict')
  expect(verdict({ answer: { value: 9.9 } }).kind).toBe('pays')
  const minutes = { question: { reward: 'time_to_result' as const } }
  expect(verdict({ ...minutes, answer: { value: 1e6 } }).kind).not.toBe('no_verdict')
  expect(verdict({ ...minutes, answer: { value: -1 } }).kind).toBe('no_verdict')
})

test('which way is better is said as a share of what was done, or as what it may be', () => {
  // 0.085 of 0.556 is 15.3 %; 1.3 of 8.4 minutes is 15.5 %.
  expect(verdict({}).sentence).toContain('+0.085 a job, 15 % better')
  const minutes = { question: { reward: 'time_to_result' as const } }
  const faster = {
    value: 7.1,
    difference: -1.3,
    low: -1.9,
    high: -0.7,
    sequenceLow: -2.2,
    sequenceHigh: -0.4,
  }
  expect(verdict({ ...minutes, answer: faster }).sentence).toContain('−1.30 minutes a job, 15 % better')
  const slower = { value: 9.7, difference: 1.3, low: 0.7, high: 1.9, sequenceLow: 0.4, sequenceHigh: 2.2 }
  expect(verdict({ ...minutes, answer: slower }).sentence).toContain('+1.30 minutes a job, 15 % worse')
  // Of 0.556: −0.0278 is 5 %, +0.1112 is 20 %.
  const open = { value: 0.5976, difference: 0.0416, low: -0.0278, high: 0.1112 }
  expect(verdict({ answer: open }).sentence).toContain('It may be anything from 5 % worse to 20 % better.')
  // More than all of it: no share is told.
  expect(verdict({ answer: { ...open, low: -0.9, high: 0.98 } }).sentence).not.toContain('It may be anything')
})

describe('what to do now', () => {
  const adviceOf = (overrides: Parameters<typeof verdict>[0]) => verdict(overrides).advice.join(' ')

  test('is said of every verdict', () => {
    expect(adviceOf({})).toContain('mode canary')
    expect(adviceOf({ question: { source: 'recorded' } })).toContain('Widen the canary')
    expect(adviceOf({ answer: { low: -0.01 } })).toContain('Leave it in the shadow')
    const worse = { difference: -0.085, low: -0.124, high: -0.046, sequenceLow: -0.14, sequenceHigh: -0.02 }
    expect(adviceOf({ answer: worse })).toContain('Route nothing by it')
    expect(adviceOf({ question: { isPrimary: false } })).toContain('ask it of the jobs to come')
  })

  test('at one look: how many more jobs would decide it for good', () => {
    // The sequence reaches 0.1 beside 0.085: 4,012 · (0.1/0.085)² = 5,552.9 jobs in all.
    expect(adviceOf({ answer: { sequenceLow: -0.015, sequenceHigh: 0.185 } })).toContain(
      'about 1,541 more jobs',
    )
  })
})

describe('what the answer does not speak of is said in words', () => {
  const toldOf = (log: Parameters<typeof verdict>[0]['log']) =>
    verdict({ log: log ?? {} }).assumptions.join(' ')

  test('jobs that were left out, and why', () => {
    const leftOut = [
      { reason: 'tags_unknown', jobs: 80, advice: '' },
      { reason: 'running', jobs: 8, advice: '' },
    ]
    expect(toldOf({ leftOut })).toContain('2.1 % of the jobs that were left out (tags unknown 80, running 8)')
    expect(toldOf({})).not.toContain('left out')
  })

  test('days of a week that are not in the log', () => {
    expect(toldOf({ spanDays: 2.52 })).toContain('The log spans 2.5 days')
    expect(toldOf({ spanDays: 7 })).not.toContain('spans')
  })

  test('pipelines that are worth less than half of their number', () => {
    expect(toldOf({ effectiveClusters: 60.9 })).toContain('the 1,003 are worth 60 of one size')
    expect(toldOf({ effectiveClusters: 502 })).not.toContain('of one size')
  })
})
