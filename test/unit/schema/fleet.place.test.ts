/** Where runners run: what a machine has, and when it is not to be used. */
import { describe, expect, test } from 'vitest'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { faultsOf } from './fleet-text.ts'

const MACHINE = `machines:
  m:
    cost_per_hour_eur: 0.5
    architecture: arm64
    gpu: A100
    memory_gb: 64
    zone: europe-north1-a
    vm: { name: runner-vm, zone: europe-north1-b, project: ci }
    maintenance:
      - once: { from: 2026-12-24T22:00:00Z, to: 2026-12-25T04:00:00Z }
      - weekly: { days: [sun, sat], from: "22:00", to: 04:00 }
  plain: {}
  cloud:
    vm: { name: other-vm, zone: europe-west1-c }
executors: [docker]
runners:
  - { name: a, machine: m, executor: docker }
  - { name: b, machine: m, executor: docker, architecture: amd64, gpu: T4, memory_gb: 8, zone: attic, slots: 2 }
  - { name: c, machine: plain, executor: docker }
  - { name: d, machine: cloud, executor: docker }
`
const runnerOf = (arm: string) => parseFleet(MACHINE).arms.get(arm)?.runners[0]

describe('a machine', () => {
  test('says what its runners have, and each may say otherwise', () => {
    expect(runnerOf('a')).toMatchObject({
      architecture: 'arm64',
      gpu: 'A100',
      memoryGb: 64,
      zone: 'europe-north1-a',
      slots: null,
    })
    expect(runnerOf('b')).toMatchObject({
      architecture: 'amd64',
      gpu: 'T4',
      memoryGb: 8,
      zone: 'attic',
      slots: 2,
      costPerHourEur: 0.5,
    })
    const nothing = {
      architecture: null,
      gpu: null,
      memoryGb: null,
      zone: null,
      slots: null,
      maintenance: [],
    }
    expect(runnerOf('c')).toMatchObject(nothing)
  })

  test('that is a virtual one is where that is, unless it says so itself', () => {
    expect(runnerOf('d')?.zone).toBe('europe-west1-c')
    expect(parseFleet(MACHINE).vms).toEqual(
      new Map([
        ['m', { name: 'runner-vm', zone: 'europe-north1-b', project: 'ci', costPerHourEur: 0.5 }],
        ['cloud', { name: 'other-vm', zone: 'europe-west1-c', project: null, costPerHourEur: 0 }],
      ]),
    )
  })

  test('has times at which it is not to be used, once or each week, in UTC', () => {
    for (const arm of ['a', 'b']) {
      expect(runnerOf(arm)?.maintenance).toEqual([
        { kind: 'once', from: Date.UTC(2026, 11, 24, 22), to: Date.UTC(2026, 11, 25, 4) },
        { kind: 'weekly', days: [0, 6], fromMinute: 1320, toMinute: 240 },
      ])
    }
  })

  test('has every fault of these reported with its line', () => {
    const faults = faultsOf(`machines:
  m:
    memory_gb: 64 GB
    gpu: ""
    vm: { name: v }
    maintenance:
      - once: { from: 2026-12-24 22:00, to: 2026-12-25T04:00:00Z }
      - once: { from: 2026-12-26T04:00:00Z, to: 2026-12-25T04:00:00Z }
      - weekly: { days: [saturday], from: 22:00, to: 24:00 }
      - {}
      - weekly: { days: [], from: 10pm, to: 04:00 }
executors: [docker]
runners:
  - { name: a, machine: attic, executor: docker, slots: 0, cores: 4 }
`)
    const places = faults.map((fault) => /^line \d+: [\w.]+/.exec(fault)?.[0])
    expect(places.toSorted()).toEqual(
      [
        'line 3: machines.m.memory_gb',
        'line 4: machines.m.gpu',
        'line 5: machines.m.vm.zone',
        'line 7: machines.m.maintenance.0.once.from',
        'line 8: machines.m.maintenance.1.once.to',
        'line 9: machines.m.maintenance.2.weekly.days.0',
        'line 9: machines.m.maintenance.2.weekly.to',
        'line 10: machines.m.maintenance.3',
        'line 11: machines.m.maintenance.4.weekly.days',
        'line 11: machines.m.maintenance.4.weekly.from',
        'line 14: runners.0.slots',
        'line 14: runners.0.cores',
        'line 14: runners.0.machine',
      ].toSorted(),
    )
    expect(faults.join('\n')).toContain('an instant has the form 2026-12-24T22:00:00Z')
    expect(faults.join('\n')).toContain('it ends before it begins')
    expect(faults.join('\n')).toContain('a time of day has the form "22:00"')
    expect(faults.join('\n')).toContain('a window is either once: or weekly:')
  })
})

test('a tag may have a space in it, as in GitLab, and none around it, nor a comma', () => {
  const tagged = (tag: string) =>
    `machines: { m: {} }\nexecutors: [docker]\nrunners: [{ name: a, machine: m, executor: docker, tags: [${JSON.stringify(tag)}] }]\n`
  expect(parseFleet(tagged('two words')).arms.get('a')).toMatchObject({ tag: null })
  for (const tag of [' x', 'x ', 'x,y', 'x\ny', '', ' ']) expect(faultsOf(tagged(tag))).toHaveLength(1)
})
