/** Choice sets where rules of the site look at the time, at the runners, or at some jobs only. */
import { describe, expect, test } from 'vitest'
import { fleetOf, type Runner } from '../../../shared/domain/fleet.ts'
import { uniform } from '../../../shared/domain/policies/uniform.ts'
import type { SiteDemand, SiteFacts, SiteNeeds, SiteRule } from '../../../shared/domain/site-rule.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import type { Message } from '../../../shared/ports.ts'
import { preparedChoice, shelfOf } from '../../../shared/runtime/choice-sets.ts'
import type { Deps } from '../../../shared/runtime/handler.ts'
import { armOf, MINUTE, NOON } from '../../support/builders.ts'

type ShelfDeps = Pick<Deps, 'state' | 'bus' | 'clock' | 'fleet' | 'log'>

const ruleOf = (demand: SiteDemand, words: Partial<SiteRule> = {}) =>
  ({ name: demand.type, severity: 'hard', weight: 0, jobs: null, ...demand, ...words }) as SiteRule

function world(rules: SiteRule[], runner: Partial<Runner> = {}) {
  let now = NOON
  const messages: Message[] = []
  const arms = ['a', 'b'].map((name) =>
    armOf({ name, tags: ['docker', name], ...(name === 'a' ? runner : {}) } as never),
  )
  const snapshot = { generation: 'g1', state: EMPTY_STATE, updatedAt: NOON, resetAt: 0 }
  const deps = {
    state: { latest: () => snapshot },
    bus: {
      async publish(message: Message) {
        messages.push(message)
        return { status: 'accepted' }
      },
    },
    clock: { now: () => now },
    fleet: fleetOf(arms, { rules }),
    log: { error: () => {} },
  } as unknown as ShelfDeps
  const ask = (
    site?: SiteFacts,
    { jobKey = '42/unit', needs }: { jobKey?: string; needs?: SiteNeeds } = {},
  ) => {
    const requirements = {
      projectNames: ['42'],
      tags: ['docker'],
      refProtected: null,
      jobKey,
      ...(needs === undefined ? {} : { needs }),
    }
    return preparedChoice(shelfOf(deps), { policy: uniform, jobKey, requirements, all: false, site }, deps)
  }
  return {
    ask,
    messages,
    size: () => shelfOf(deps).sets.size,
    pass: (ms: number) => {
      now += ms
    },
  }
}
const facts = (running: number, at = NOON): SiteFacts => ({
  at,
  runners: new Map([['a', { lastSeenAt: NOON - MINUTE, running }]]),
})

describe('a choice set', () => {
  test('of a fleet without rules is the same at any time, whatever is seen and needed', () => {
    const { ask, pass } = world([], { slots: 1 })
    const first = ask(facts(1))
    pass(90 * MINUTE)
    expect(ask(facts(0))).toBe(first)
    expect(
      ask(undefined, {
        needs: { executors: ['x'], architecture: null, gpu: null, memoryGb: null, zone: null },
      }),
    ).toBe(first)
  })

  test('ends with the minute in which a maintenance window opens, and is kept within one', () => {
    const windows = [{ kind: 'once', from: NOON + 2 * MINUTE, to: NOON + 3 * MINUTE } as const]
    const { ask, pass, size, messages } = world([ruleOf({ type: 'maintenance_window' })], {
      maintenance: windows,
    })
    const first = ask()
    pass(MINUTE - 1)
    expect(ask()).toBe(first)
    pass(1)
    const second = ask()
    expect(second).not.toBe(first)
    expect([second.choiceSetId, messages.length]).toEqual([first.choiceSetId, 1])
    pass(MINUTE)
    expect(ask().lottery.arms).toEqual(['b'])
    pass(MINUTE)
    expect(ask().lottery.arms).toEqual(['a', 'b'])
    expect(size()).toBe(1)
  })

  test('ends with new facts where a rule looks at them, and not with the time', () => {
    const { ask, pass } = world([ruleOf({ type: 'free_slots' })], { slots: 1 })
    const busy = facts(1)
    const first = ask(busy)
    expect(first.lottery.arms).toEqual(['b'])
    pass(MINUTE)
    // The same facts, looked at later.
    expect(ask({ ...busy, at: NOON + MINUTE })).toBe(first)
    expect(ask(facts(0)).lottery.arms).toEqual(['a', 'b'])
    expect(ask(undefined).lottery.arms).toEqual(['a', 'b'])
  })

  test('judges silence by the clock, not by when the facts were read', () => {
    const { ask, pass } = world([ruleOf({ type: 'online_by_heartbeat', silentAfterMs: 5 * MINUTE })])
    const seen = facts(0)
    expect(ask(seen).lottery.arms).toEqual(['a', 'b'])
    pass(5 * MINUTE)
    expect(ask(seen).lottery.arms).toEqual(['b'])
  })

  test('is another one for a job that a rule is for, and for other needs; one for all others', () => {
    const rule = ruleOf({ type: 'cost_ceiling', eurPerHour: 1 }, { jobs: ['42/deploy*'] })
    const { ask } = world([rule, ruleOf({ type: 'zone', allowed: null })], {
      costPerHourEur: 2,
      zone: 'east',
    })
    const unit = ask()
    expect(ask(undefined, { jobKey: '42/lint' })).toBe(unit)
    const deploy = ask(undefined, { jobKey: '42/deploy web' })
    expect([unit.lottery.arms, deploy.lottery.arms]).toEqual([['a', 'b'], ['b']])
    expect(ask(undefined, { jobKey: '42/deploy eu' })).toBe(deploy)
    const needs = { executors: null, architecture: null, gpu: null, memoryGb: null, zone: 'west' }
    expect(ask(undefined, { needs }).lottery.arms).toEqual(['b'])
  })

  test('says why there is none and what could be lifted', () => {
    const { ask } = world([ruleOf({ type: 'cost_ceiling', eurPerHour: -1 }, { name: 'free of charge' })], {
      paused: true,
    })
    expect(ask()).toMatchObject({
      lottery: { arms: [] },
      why: 'No runner can take this job: 2 runners carry the tag "docker": 1 is paused and 1 is refused by the rule "free of charge".',
      relaxations: [{ lifted: ['rule:free of charge'], arms: ['b'] }],
    })
    expect(world([]).ask()).toMatchObject({ why: null, relaxations: [] })
  })

  test('records and shows penalties, and the codes of every rule that refused', () => {
    const cheap = ruleOf(
      { type: 'cost_ceiling', eurPerHour: 1 },
      { name: 'cheap', severity: 'soft', weight: 0.5 },
    )
    const zone = ruleOf({ type: 'zone', allowed: ['west'] }, { name: 'west' })
    const { ask, messages } = world([cheap, zone], { costPerHourEur: 2 })
    const shown = JSON.parse(ask().feasibleJson)
    expect(shown).toEqual([
      { arm: 'b', score: 0.5, probability: 0.5, observations: 0, mean_reward: 0 },
      {
        arm: 'a',
        score: 0.5,
        probability: 0.5,
        observations: 0,
        mean_reward: 0,
        penalty: 0.5,
        unmet: ['cheap'],
      },
    ])
    const row = messages[0]?.body as { feasible: string }
    expect(JSON.parse(row.feasible)).toEqual(shown)
    const east = world([zone], { zone: 'east', paused: true })
    expect(JSON.parse(east.ask().refusedJson)).toEqual([{ arm: 'a', code: 'paused', reason: 'a is paused.' }])
    const refusedRow = east.messages[0]?.body as { refused: string }
    expect(JSON.parse(refusedRow.refused)).toEqual({ paused: ['a'], 'rule:west': ['a'] })
  })
})
