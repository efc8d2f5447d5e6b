/** When a log answers, and in which words. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { verdict } from './evidence.ts'

test('a difference above zero pays, in one sentence with its interval and what it stands on', () => {
  const { kind, decidedBy, sentence, assumptions, moreJobs } = verdict({})
  expect({ kind, decidedBy }).toEqual({ kind: 'pays', decidedBy: 'sequence' })
  expect(sentence).toBe(
    'It pays. Had every job gone where thompson said, the mean reward would have been 0.641 instead of 0.556: +0.085 (95 %: +0.046 to +0.124; doubly robust, estimated propensities, 4,012 jobs of 1,003 pipelines), for jobs rerouted one at a time.',
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
    fc.property(numbers(-5e6), numbers(-5e6), numbers(1000), (value, difference, half) => {
      const answer = { value, difference, low: difference - half, high: difference + half }
      const { sentence } = verdict({ answer })
      const [, policy, logged, gain] = (/been (\S+) instead of (\S+): (\S+) \(/.exec(sentence) ?? []).map(
        (text) => Number(text.replace('−', '-')),
      ) as [number, number, number, number]
      expect(policy - logged).toBeCloseTo(gain, 9)
    }),
  )
})

test('late picks are named from 5 % of the jobs on', () => {
  const told = (late: number) => verdict({ log: { late } }).assumptions.join(' ')
  expect(told(200)).not.toContain('when they had ended')
  expect(told(402)).toContain('Of 10 % of the jobs the pick was made when they had ended')
})
