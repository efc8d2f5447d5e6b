/** Rules of the site in shadow decisions. */
import { describe, expect, test } from 'vitest'
import { decide } from '../../../shared/domain/decision.ts'
import { fleetOf } from '../../../shared/domain/fleet.ts'
import { decideAtFinish, decideAtStart } from '../../../shared/domain/shadow.ts'
import type { SiteDemand, SiteRule } from '../../../shared/domain/site-rule.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import {
  armOf,
  finishedEvent,
  HOUR,
  MINUTE,
  NOON,
  startedEvent,
  stateOf,
  WINDOW,
} from '../../support/builders.ts'

const ruleOf = (demand: SiteDemand, words: Partial<SiteRule> = {}) =>
  ({ name: 'ours', severity: 'hard', weight: 0, jobs: null, ...demand, ...words }) as SiteRule
const tags = ['docker']
const fleetWithRules = (...rules: SiteRule[]) =>
  fleetOf(
    [
      armOf({ name: 'a', tags }),
      armOf({ name: 'b', tags, costPerHourEur: 1, slots: 1 }),
      armOf({
        name: 'c',
        tags,
        paused: true,
        costPerHourEur: 1,
        maintenance: [{ kind: 'once', from: NOON, to: NOON + HOUR }],
      }),
    ],
    { rules },
  )
const start = startedEvent({ jobId: 1, arm: 'a', runnerTags: tags, jobTags: tags, occurredAt: NOON })
const context = {
  state: EMPTY_STATE,
  generation: '7',
  decidedAt: NOON + 20 * HOUR,
  lateAfterMs: WINDOW,
  site: { observedAt: NOON - MINUTE, runners: new Map([['b', { lastSeenAt: null, running: 1 }]]) },
}

test('a decision records every code that refused an arm, and those of the site’s rules by their names', () => {
  const fleet = fleetWithRules(ruleOf({ type: 'cost_ceiling', eurPerHour: 0.5 }, { name: 'cheap' }))
  const record = decideAtStart(start, { ...context, fleet })
  expect(record?.refused).toEqual({ 'rule:cheap': ['b', 'c'], paused: ['c'] })
  expect(record?.feasible.map(({ arm }) => arm)).toEqual(['a'])
})

test('the arm that has the job stays feasible whatever a rule says, and the pure bandit knows no rules', () => {
  const dear = ruleOf({ type: 'cost_ceiling', eurPerHour: -1 })
  const decision = decide('id', { ...start, arm: 'b' }, EMPTY_STATE, fleetWithRules(dear))
  expect(decision.feasible.map(({ arm }) => arm)).toEqual(['b'])
  expect(decision.knownCount).toBe(3)
  expect(decision.mabRunner).toBe('a')
})

test('a preference turns the pick among the feasible arms, and not the pure bandit’s', () => {
  const state = stateOf(
    ['a', 'b', 'c'].map((arm) => finishedEvent({ arm, durationSeconds: arm === 'b' ? 24 : 54 })),
  )
  const soft = ruleOf({ type: 'cost_ceiling', eurPerHour: 0.5 }, { severity: 'soft', weight: 5 })
  expect(decide('id', start, state, fleetWithRules())).toMatchObject({ mabRunner: 'b', nsaiRunner: 'b' })
  expect(decide('id', start, state, fleetWithRules(soft))).toMatchObject({ mabRunner: 'b', nsaiRunner: 'a' })
})

test('a rule for some jobs is for those alone', () => {
  const some = (jobs: string[]) => fleetWithRules(ruleOf({ type: 'cost_ceiling', eurPerHour: 0.5 }, { jobs }))
  expect(decideAtStart(start, { ...context, fleet: some(['42/unit']) })?.refused).toHaveProperty('rule:ours')
  expect(decideAtStart(start, { ...context, fleet: some(['42/lint']) })?.refused).not.toHaveProperty(
    'rule:ours',
  )
})

test('maintenance windows are judged by the time of the job, not by that of the decision', () => {
  const fleet = fleetWithRules(ruleOf({ type: 'maintenance_window' }))
  expect(decideAtStart(start, { ...context, fleet })?.refused).toEqual({ paused: ['c'], 'rule:ours': ['c'] })
  const finish = finishedEvent({
    jobId: 1,
    arm: 'a',
    jobTags: tags,
    startedAt: NOON + 59 * MINUTE,
    occurredAt: NOON + 2 * HOUR,
  })
  const late = decideAtFinish(finish, { ...context, fleet })
  expect(late?.refused).toEqual({ paused: ['c'], 'rule:ours': ['c'] })
})

describe('what was seen of the runners counts for a decision at the start', () => {
  const fleet = fleetWithRules(ruleOf({ type: 'free_slots' }))
  const refusedBy = (observedAt: number, lastSeenAt: number | null, event = start) => {
    const site = { observedAt, runners: new Map([['b', { lastSeenAt, running: 1 }]]) }
    return decideAtStart(event, { ...context, fleet, site })?.refused['rule:ours'] ?? []
  }

  test('when the look was before it, however much later the decision is made', () => {
    expect(refusedBy(NOON - 1, NOON - 1)).toEqual(['b'])
    expect(refusedBy(NOON, NOON - 1)).toEqual(['b'])
  })

  test('and not when the look was after it', () => {
    expect(refusedBy(NOON + 1, NOON - 1)).toEqual([])
    expect(refusedBy(NOON + 1, null)).toEqual([])
  })

  test('and not of a runner that gave a sign as the job began, or later: the look was still under way', () => {
    expect(refusedBy(NOON - 1, NOON)).toEqual([])
    expect(refusedBy(NOON - 1, NOON + 1)).toEqual([])
  })

  test('by when it happened where nobody says when it began, not by when that was told', () => {
    const told = { ...start, startedAt: null, receivedAt: NOON + HOUR }
    expect(refusedBy(NOON, null, told)).toEqual(['b'])
    expect(refusedBy(NOON + 1, null, told)).toEqual([])
  })

  test('and not of one runner for what is known of another', () => {
    const two = fleetOf(
      ['b', 'd'].map((name) => armOf({ name, tags, slots: 1 })),
      { rules: [ruleOf({ type: 'free_slots' })] },
    )
    const runners = new Map([
      ['b', { lastSeenAt: NOON, running: 1 }],
      ['d', { lastSeenAt: NOON - 1, running: 1 }],
    ])
    const record = decideAtStart(start, { ...context, fleet: two, site: { observedAt: NOON - 1, runners } })
    expect(record?.refused['rule:ours']).toEqual(['d'])
  })

  test('so the slot that the job itself takes turns no pick', () => {
    const soft = ruleOf({ type: 'free_slots' }, { severity: 'soft', weight: 5 })
    const even = fleetOf(
      ['a', 'b'].map((name) => armOf({ name, tags, slots: 1 })),
      { rules: [soft] },
    )
    const pickWhen = (observedAt: number, lastSeenAt: number, running: number) => {
      const site = { observedAt, runners: new Map([['a', { lastSeenAt, running }]]) }
      return decideAtStart(start, { ...context, fleet: even, site })?.nsaiRunner
    }
    expect(pickWhen(NOON - 1, NOON - HOUR, 0)).toBe('a')
    expect(pickWhen(NOON - 1, NOON - HOUR, 1)).toBe('b')
    expect(pickWhen(NOON + 1, NOON, 1)).toBe('a')
    expect(pickWhen(NOON - 1, NOON, 1)).toBe('a')
  })
})

test('what is seen of the runners counts for a decision at the start, and not for a late one', () => {
  const fleet = fleetWithRules(ruleOf({ type: 'free_slots' }))
  expect(decideAtStart(start, { ...context, fleet })?.refused['rule:ours']).toEqual(['b'])
  const { site: _, ...blind } = context
  expect(decideAtStart(start, { ...blind, fleet })?.refused['rule:ours']).toBeUndefined()
  const finish = finishedEvent({ jobId: 1, arm: 'a', jobTags: tags })
  expect(decideAtFinish(finish, { ...context, fleet })?.refused['rule:ours']).toBeUndefined()
})
