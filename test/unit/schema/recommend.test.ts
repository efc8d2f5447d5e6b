import { describe, expect, test } from 'vitest'
import { ConfigError, InvalidInputError } from '../../../shared/errors.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import {
  dotenvOf,
  jsonOf,
  parseRecommendQuery,
  type RecommendHead,
} from '../../../shared/schema/recommend.ts'

const parsed = (query: string) => parseRecommendQuery(new URLSearchParams(query))

describe('a question to /recommend', () => {
  test('needs a project and a job; the rest has defaults', () => {
    expect(parsed('project=group/app&job=unit')).toEqual({
      project: 'group/app',
      job: 'unit',
      format: 'json',
      all: false,
    })
  })

  test('tells tags that are not known from no tags', () => {
    expect(parsed('project=1&job=unit')).not.toHaveProperty('tags')
    expect(parsed('project=1&job=unit&tags=').tags).toEqual([])
    expect(parsed('project=1&job=unit&tags=linux,%20docker,,linux').tags).toEqual(['docker', 'linux'])
  })

  test('may name policy, format and the protection of the ref', () => {
    const query = parsed('project=1&job=unit&policy=uniform&format=dotenv&protected=1&all=true')
    expect(query).toMatchObject({ policy: 'uniform', format: 'dotenv', protected: true, all: true })
    expect(parsed('project=1&job=unit&protected=0').protected).toBe(false)
  })

  test('is refused with every fault', () => {
    const wrong = () => parsed('project=&policy=magic&format=xml&protected=maybe')
    expect(wrong).toThrow(InvalidInputError)
    expect(wrong).toThrow(
      /project: .*job: .*policy: there is no such policy; known: ucb1, ucb1-tuned, thompson, greedy, uniform; format: json or dotenv; protected: /,
    )
  })
})

const answer = (overrides: Partial<RecommendHead> = {}): RecommendHead => ({
  decision_id: '0190-ab',
  kind: 'arm',
  runner: 'Mac Docker Runner',
  tag: 'mac-docker',
  mode: 'autonomous',
  routed: true,
  use_tag: 'mac-docker',
  policy: 'ucb1',
  group: null,
  propensity: 1,
  confidence: 0.9,
  choice_set_id: null,
  feasible_count: 1,
  refused_count: 0,
  state: null,
  ...overrides,
})

test('an answer as JSON takes in lists that are JSON already', () => {
  const lists = { feasible: [{ arm: 'ä "b"', score: null }], refused: [] }
  const text = jsonOf(answer(), JSON.stringify(lists.feasible), JSON.stringify(lists.refused))
  expect(JSON.parse(text)).toEqual({ ...answer(), ...lists })
  expect(text).toMatch(/}\n$/)
})

describe('an answer as dotenv', () => {
  test('is one variable a line, without spaces in values', () => {
    expect(dotenvOf(answer())).toBe(
      'MAB_RUNNER_TAG=mac-docker\nMAB_RUNNER=Mac-Docker-Runner\nMAB_DECISION_ID=0190-ab\nMAB_POLICY=ucb1\nMAB_MODE=autonomous\nMAB_ROUTED=true\n',
    )
    expect(dotenvOf(answer({ kind: 'none', runner: null, tag: null, use_tag: null }))).toMatch(
      /^MAB_RUNNER_TAG=\nMAB_RUNNER=\n/,
    )
  })

  test('cannot be made to carry a variable of somebody else', () => {
    const lines = dotenvOf(answer({ runner: 'x\nPATH=/tmp "y" $HOME `id`' })).split('\n')
    expect(lines[1]).toBe('MAB_RUNNER=x-PATH-/tmp-y-HOME-id-')
    expect(lines).toHaveLength(7)
  })

  // GitLab compares tags letter by letter: one that was changed on the way routes to nobody, and the job is stuck.
  test.each(['größe-xl', 'gpu(v100)', 'arm64=fast', 'c++17'])(
    'carries the tag %s unchanged, or fleet.yaml refuses it',
    (tag) => {
      const fleet = () =>
        parseFleet(`
machines: { m: {} }
executors: [docker]
runners: [{ name: a, machine: m, executor: docker, tags: [${JSON.stringify(tag)}], own_tag: ${JSON.stringify(tag)} }]
`)
      const isRefused = throws(fleet, ConfigError)
      expect(isRefused || dotenvOf(answer({ tag, use_tag: tag })).startsWith(`MAB_RUNNER_TAG=${tag}\n`)).toBe(
        true,
      )
    },
  )
})

function throws(action: () => unknown, kind: new (text: string) => Error): boolean {
  try {
    action()
    return false
  } catch (error) {
    if (error instanceof kind) return true
    throw error
  }
}
