/** What recommend keeps between requests, and what it hands to the journal. */
import { describe, expect, test } from 'vitest'
import { recommendFor } from '../../../functions/recommend.ts'
import type { JobRequirements } from '../../../shared/domain/constraint.ts'
import { policies, policyNamed } from '../../../shared/domain/policies/index.ts'
import type { Policy } from '../../../shared/domain/policy.ts'
import { drawArm } from '../../../shared/domain/recommendation.ts'
import { seededDraws } from '../../../shared/domain/rng.ts'
import type { BanditState } from '../../../shared/domain/state.ts'
import { TransientError } from '../../../shared/errors.ts'
import type { Message, StateSnapshot } from '../../../shared/ports.ts'
import { preparedChoice, shelfOf } from '../../../shared/runtime/choice-sets.ts'
import type { RecommendAnswer } from '../../../shared/schema/recommend.ts'
import { choiceSetRow, recommendationRow } from '../../../shared/schema/rows.ts'
import { armOf, finishedEvent, fleetWith, NOON, stateOf } from '../../support/builders.ts'

type ChoiceDeps = Parameters<typeof recommendFor>[1]

const names = ['a', 'b', 'c']
const learned = stateOf(names.map((arm, index) => finishedEvent({ arm, durationSeconds: 30 * (index + 1) })))

/** A journal that can be made to refuse, and a state that can be replaced. */
function world(arms: readonly string[] = names) {
  const messages: Message[] = []
  const lost: string[] = []
  let refusing = false
  let snapshot: StateSnapshot = { generation: 'g1', state: learned, updatedAt: NOON, resetAt: 0 }
  let ids = 0
  const deps = {
    state: { latest: () => snapshot },
    bus: {
      async publish(message: Message) {
        if (refusing) throw new TransientError('the queue is at its bound')
        messages.push(message)
        return { status: 'accepted' }
      },
    },
    clock: { now: () => NOON },
    rng: { id: () => `decision ${++ids}` },
    fleet: fleetWith(...arms.map((name) => armOf({ name, tags: ['docker', `own-${name}`] }))),
    settings: { policyName: 'thompson', mode: 'advisory' },
    documents: { latest: () => undefined },
    log: { error: (message: string) => lost.push(message) },
  } as unknown as ChoiceDeps
  const ask = (parameters: Record<string, string> = {}) => {
    const question = { project: 'group/app', job: 'unit', tags: 'docker', ...parameters }
    return recommendFor(Object.entries(question), deps) as RecommendAnswer
  }
  return {
    deps,
    messages,
    lost,
    ask,
    refuse(now: boolean) {
      refusing = now
    },
    learn(generation: string, state: BanditState) {
      snapshot = { generation, state, updatedAt: NOON, resetAt: 0 }
    },
    topics: () => messages.map(({ topic }) => topic),
  }
}

const docker: JobRequirements = { projectNames: ['group/app'], tags: ['docker'], refProtected: null }
const question = (policy: Policy, jobKey = 'group/app/unit') => {
  return { policy, jobKey, requirements: docker, all: false }
}

describe('a choice set', () => {
  test('is made and handed over once for all requests alike, before the first that names it', () => {
    const { ask, topics, messages } = world()
    const ids = [ask(), ask(), ask({ job: 'never seen' })].map(({ choice_set_id }) => choice_set_id)
    expect(new Set(ids).size).toBe(1)
    expect(topics()).toEqual(['choice-sets', 'recommendations', 'recommendations', 'recommendations'])
    const rows = messages.map(({ body }) => body as { choice_set_id: string })
    for (const { choice_set_id } of rows) expect(choice_set_id).toBe(ids[0])
    // What is written out by hand is a row of its table.
    expect(choiceSetRow.safeParse(rows[0]).error).toBeUndefined()
    for (const row of rows.slice(1)) expect(recommendationRow.safeParse(row).error).toBeUndefined()
  })

  test('is another one for another policy, other tags, protection or project', () => {
    const { ask } = world([...names, 'd'])
    const answers = [ask(), ask({ tags: 'own-a' }), ask({ policy: 'greedy' }), ask({ policy: 'ucb1' })]
    expect(new Set(answers.map(({ choice_set_id }) => choice_set_id)).size).toBe(4)
    expect(ask({ protected: '1' }).choice_set_id).toBe(ask().choice_set_id)
  })

  test('is made anew when the state is another one', () => {
    const { ask, learn, topics } = world()
    const before = ask()
    learn('g2', stateOf([finishedEvent({ arm: 'c', durationSeconds: 1 })]))
    const after = ask()
    expect(after.choice_set_id).not.toBe(before.choice_set_id)
    expect(after.state).toEqual({ generation: 'g2', age_seconds: 0, observations: 1 })
    expect(topics().filter((topic) => topic === 'choice-sets')).toHaveLength(2)
  })

  test('that the journal refused is handed over again with the next request', async () => {
    const { ask, refuse, topics, lost } = world()
    refuse(true)
    expect(ask().kind).toBe('arm')
    await new Promise(setImmediate)
    expect(lost).toEqual(['choice_set.lost', 'recommendation.lost'])
    refuse(false)
    ask()
    expect(topics()).toEqual(['choice-sets', 'recommendations'])
  })

  test('is kept with others up to a bound, the oldest goes first', () => {
    const { deps } = world(Array.from({ length: 300 }, (_, index) => `arm ${index}`))
    const shelf = shelfOf(deps)
    const policy = policyNamed('uniform') as Policy
    const of = (project: string) =>
      preparedChoice(
        shelf,
        { ...question(policy), requirements: { ...docker, projectNames: [project], tags: ['own-arm 7'] } },
        deps,
      )
    const first = of('project 0')
    expect(of('project 0')).toBe(first)
    // 200,000 arms in all, of a fleet of 300: 667 sets.
    for (let project = 1; project < 700; project += 1) of(`project ${project}`)
    expect(shelf.sets.size).toBe(667)
    expect(of('project 0')).not.toBe(first)
    expect(of('project 0').choiceSetId).toBe(first.choiceSetId)
  })

  test('gives the best ten and a hundred refusals, or all where all are asked for', () => {
    const { ask, messages } = world(Array.from({ length: 150 }, (_, index) => `arm ${index}`))
    const short = ask({ policy: 'uniform' })
    expect([short.feasible.length, short.feasible_count, short.refused_count]).toEqual([10, 150, 3])
    expect(ask({ policy: 'uniform', all: '1' }).feasible).toHaveLength(150)
    const none = ask({ tags: 'own-arm 7' })
    expect([none.refused.length, none.refused_count]).toEqual([100, 152])
    expect(ask({ tags: 'own-arm 7', all: '1' }).refused).toHaveLength(152)
    const rows = messages
      .filter(({ topic }) => topic === 'choice-sets')
      .map(({ body }) => body as { feasible: string })
    expect(JSON.parse(rows[0]?.feasible ?? '')).toHaveLength(150)
    expect(rows).toHaveLength(2)
  })
})

// 2 degrees of freedom: chi-square exceeds 18.4 in one of 10,000 cases.
test.each(policies.map(({ name }) => name))(
  'arms are drawn by %s as often as the recorded probabilities say',
  (name) => {
    const { deps } = world()
    const { lottery } = preparedChoice(shelfOf(deps), question(policyNamed(name) as Policy), deps)
    const draws = 3000
    const draw = seededDraws('requests')
    const counts = new Map<string, number>()
    for (let one = 0; one < draws; one += 1) {
      const chosen = drawArm(lottery, draw)
      expect(chosen?.propensity).toBe(lottery.probabilities[lottery.arms.indexOf(chosen?.arm ?? '')])
      counts.set(chosen?.arm ?? '', (counts.get(chosen?.arm ?? '') ?? 0) + 1)
    }
    let chiSquare = 0
    for (const [index, arm] of lottery.arms.entries()) {
      const expected = draws * (lottery.probabilities[index] as number)
      if (expected === 0) expect(counts.has(arm)).toBe(false)
      else chiSquare += ((counts.get(arm) ?? 0) - expected) ** 2 / expected
    }
    expect(chiSquare).toBeLessThan(18.4)
  },
)
