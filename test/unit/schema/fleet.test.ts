import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { faultsOf, head, oneRunner } from './fleet-text.ts'

const runnerOf = (text: string, arm = 'a') => parseFleet(text).arms.get(arm)?.runners[0]

describe('a runner in fleet.yaml', () => {
  test('has harmless values for all that is not said', () => {
    expect(runnerOf(oneRunner(''))).toEqual({
      name: 'a',
      id: null,
      machine: 'm',
      executor: 'docker',
      tags: new Set(),
      runUntagged: true,
      refProtected: false,
      paused: false,
      online: true,
      projects: null,
      costPerHourEur: 0.5,
      architecture: null,
      gpu: null,
      memoryGb: null,
      zone: null,
      slots: null,
      maintenance: [],
    })
  })

  test('takes untagged jobs by default when it has no tags, as in GitLab', () => {
    expect(runnerOf(oneRunner('tags: [x]'))?.runUntagged).toBe(false)
    expect(runnerOf(oneRunner('tags: [x], run_untagged: true'))?.runUntagged).toBe(true)
  })

  test('costs what it says itself, else what its machine costs, else nothing', () => {
    expect(runnerOf(oneRunner('cost_per_hour_eur: 2'))?.costPerHourEur).toBe(2)
    expect(runnerOf(oneRunner('cost_per_hour_eur: 0'))?.costPerHourEur).toBe(0)
    expect(runnerOf(`${head}runners: [{ name: a, machine: n, executor: docker }]`)?.costPerHourEur).toBe(0)
  })

  test('serves a project by its id and path where the file gives them, and by its bare name where not', () => {
    const text = `projects: [{ name: app, id: 42, path: group/app }, { name: other }]\n${oneRunner('projects: [app, other]')}`
    expect(runnerOf(text)?.projects).toEqual(new Set(['group/app', '42', 'other']))
    expect(runnerOf(oneRunner('projects: []'))?.projects).toEqual(new Set())
  })

  test.each(['constructor', '__proto__', 'toString', '380', 'Läufer ☕'])('may be called %s', (name) => {
    const text = `${head}runners: [{ name: "${name}", machine: m, executor: docker, tags: [x] }]\n`
    expect(faultsOf(text)).toEqual([])
    expect(parseFleet(text).arms.get(name)).toMatchObject({ id: name, tag: 'x' })
  })

  test('is found by its id and by its name', () => {
    const fleet = parseFleet(oneRunner('id: 7'))
    expect(fleet.runnersById.get(7)?.arm).toBe('a')
    expect(fleet.runnersByName.get('a')?.runner.id).toBe(7)
  })
})

describe('the tag that routes to an arm', () => {
  const three = (own: string) => `${head}runners:
  - { name: a, machine: m, executor: docker, tags: [all, ab, a1, a2]${own} }
  - { name: b, machine: m, executor: docker, tags: [all, ab] }
  - { name: c, machine: m, executor: docker, tags: [all] }
`
  const tags = (text: string) => [...parseFleet(text).arms.values()].map(({ id, tag }) => [id, tag])

  test('is the first that no other runner carries, or the one that the file names, or none', () => {
    expect(tags(three(''))).toEqual([
      ['a', 'a1'],
      ['b', null],
      ['c', null],
    ])
    expect(tags(three(', own_tag: a2'))[0]).toEqual(['a', 'a2'])
  })

  test('of a pool is one that all of its runners carry and no other', () => {
    expect(tags(`${three('')}arms: { pool: { runners: [a, b] } }`)).toEqual([
      ['pool', 'ab'],
      ['c', null],
    ])
    const pool = parseFleet(`${three('')}arms: { pool: { runners: [a, b] } }`).arms.get('pool')
    expect(pool?.runners.map(({ name }) => name)).toEqual(['a', 'b'])
  })

  // What a template takes of an answer; of any other the job keeps its own tag, while the answer says that it is routed.
  const template = readFileSync(new URL('../../../templates/recommend/template.yml', import.meta.url), 'utf8')
  const taken = new RegExp(`^${/\)=(\[[^\]]+\]\{1,255\})\$/.exec(template)?.[1]}$`)

  test.each([
    'größe',
    'läufer-1',
    'ｇpu',
    '١',
    'a b',
    'x\u0301',
    'gpu(v100)',
    'arm64=fast',
    'c++17',
    'A_z.0:/@+-',
  ])('may be %s only if CI/CD components put it on jobs', (tag) => {
    const runner = (words: string) => oneRunner(`tags: [${JSON.stringify(tag)}]${words}`)
    expect(tags(runner(''))).toEqual([['a', taken.test(tag) ? tag : null]])
    const named = [
      runner(`, own_tag: ${JSON.stringify(tag)}`),
      `${runner('')}fallback_tag: ${JSON.stringify(tag)}\n`,
    ]
    for (const text of named) expect(faultsOf(text)).toHaveLength(taken.test(tag) ? 0 : 1)
  })
})
