import { describe, expect, test } from 'vitest'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { faultsOf, head, oneRunner } from './fleet-text.ts'

const FAULTY = `machines:
  m: {}
executors: [docker]
projects:
  - name: app
tags:
  x: some
  nobody: this
dead_tags: [dead]
fallback_tag: nobody
runners:
  - name: a
    id: 1
    machine: attic
    executor: shell
    tags: [x, dead, mistyped]
    own_tag: x
    projects:
      - app
      - crm
  - name: a
    id: 1
    machine: m
    executor: docker
    tags: []
    run_untagged: false
  - name: b
    machine: m
    executor: docker
    tags: [x]
  - name: c
    machine: m
    executor: docker
arms:
  pool:
    runners: [b, ghost]
  other:
    runners:
      - b
  c:
    runners: [b]
`

describe('a fleet.yaml with faults', () => {
  test('has those of its shape and those between its parts listed together', () => {
    const text = `machines: { m: {} }
executors: [docker]
projects:
  - name: app
  - name: app
colour: green
runners:
  - { name: a, machine: m, executor: docker, tags: [x], online: maybe }
  - { name: b, machine: attic, executor: docker, tags: [7, x] }
  - { machine: m, executor: shell, tags: [y] }
fallback_tag: nobody
`
    const lines = faultsOf(text).map((fault) => /^line \d+: [\w.]+/.exec(fault)?.[0])
    expect(lines.toSorted()).toEqual(
      [
        'line 5: projects.1.name',
        'line 6: colour',
        'line 8: runners.0.online',
        'line 9: runners.1.machine',
        'line 9: runners.1.tags.0',
        'line 10: runners.2.executor',
        'line 10: runners.2.name',
        'line 11: fallback_tag',
      ].toSorted(),
    )
  })

  test('has all of them listed, each with its line', () => {
    expect(faultsOf(FAULTY).toSorted()).toEqual(
      [
        'line 8: tags.nobody: no runner carries this tag; move it to dead_tags or delete it',
        'line 10: fallback_tag: no runner carries the tag "nobody"',
        'line 14: runners.0.machine: no machine is called "attic"',
        'line 15: runners.0.executor: "shell" is not in executors',
        'line 16: runners.0.tags.1: "dead" is a dead tag',
        'line 16: runners.0.tags.2: "mistyped" is not in tags',
        'line 17: runners.0.own_tag: "x" is also carried by "b", so it cannot route to "a" alone',
        'line 20: runners.0.projects.1: no project is called "crm"',
        'line 21: runners.1.name: a second runner is called "a"',
        'line 22: runners.1.id: a second runner has the id 1',
        'line 25: runners.1.tags: a runner without tags that takes no untagged jobs never gets a job',
        'line 31: runners.3.name: the arm "c" has the name of a runner that is not in it',
        'line 36: arms.pool.runners.1: no runner is called "ghost"',
        'line 39: arms.other.runners.0: "b" is in the arm "pool" already',
        'line 41: arms.c.runners.0: "b" is in the arm "other" already',
      ].toSorted(),
    )
  })

  test('has a mode of a project without id reported, since jobs ask by it', () => {
    const text = `${head}projects:
  - { name: app, path: group/app, mode: autonomous }
  - { name: other, canary: { share: 0.5 } }
  - { name: third, id: 3, mode: off }
runners: [{ name: a, machine: m, executor: docker, tags: [x] }]
`
    expect(faultsOf(text).map((fault) => fault.replace(/^line \d+: /, ''))).toEqual([
      'projects.0.mode: "app" needs its id, too: jobs ask by it',
      'projects.1.canary: "other" needs its id, too: jobs ask by it',
    ])
  })

  test('has a machine that it does not describe reported, whatever that is called', () => {
    for (const machine of ['toString', '__proto__', 'constructor']) {
      const text = `${head}runners: [{ name: a, machine: ${machine}, executor: docker }]`
      expect(faultsOf(text)).toEqual([`line 3: runners.0.machine: no machine is called "${machine}"`])
    }
  })

  test('of form has all of them listed, each with its line', () => {
    const faults = faultsOf(`machines:
  m: { cost_per_hour_eur: -1 }
executors: []
runners:
  - name: a
    machine: m
    executor: docker
    tags:
      - " space before"
      - "with,comma"
    id: 0
  - machine: m
    executor: docker
`)
    const places = ['line 2: machines.m.cost_per_hour_eur', 'line 3: executors', 'line 9: runners.0.tags.0']
    const more = ['line 10: runners.0.tags.1', 'line 11: runners.0.id', 'line 12: runners.1.name']
    expect(faults.map((fault) => fault.split(': ').slice(0, 2).join(': ')).toSorted()).toEqual(
      [...places, ...more].toSorted(),
    )
  })

  test.each([
    ['runner', `${head}runners:\n  - name: a\n    machine: m\n    executor: docker\n    colour: blue\n`, 7],
    [
      'machine',
      'machines:\n  m:\n    cost_per_hour_eur: 1\n    colour: blue\nexecutors: [docker]\nrunners: [{ name: a, machine: m, executor: docker }]\n',
      4,
    ],
    ['file', `${oneRunner('')}colour: blue\n`, 4],
    ['pool', `${oneRunner('')}arms:\n  pool:\n    runners: [a]\n    colour: blue\n`, 7],
  ])('has a key that is none of a %s reported with the line of that key', (_, text, line) => {
    expect(faultsOf(text)).toEqual([expect.stringMatching(new RegExp(`^line ${line}: .*"colour"`))])
  })

  test.each(['', '[]', 'fleet', '- a\n- b'])('is refused when it is %j and no fleet', (text) => {
    expect(faultsOf(text)).toHaveLength(1)
  })

  test('is refused with the parser’s reason when it is no YAML', () => {
    expect(() => parseFleet('a: [', 'my.yaml')).toThrow(/my\.yaml is not YAML\n.*line 1/)
    expect(faultsOf(`${oneRunner('')}executors: [shell]\n`)).toEqual([expect.stringContaining('unique')])
  })

  test('has one line of it told when a colon is missing, however many faults follow from it', () => {
    const after = Array.from(
      { length: 30 },
      (_, index) => `  - name: r${index}\n    machine: m\n    executor: docker`,
    )
    const text = `machines:\n  m: {}\nexecutors: [docker]\nrunners\n${after.join('\n')}\n`
    expect(faultsOf(text)).toEqual([expect.stringMatching(/^line 4: [^\n]+colon[^\n]+$/)])
  })
})
