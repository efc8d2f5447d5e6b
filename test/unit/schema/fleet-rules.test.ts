/** The rules of a site in fleet.yaml. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { faultsOf } from './fleet-text.ts'

const FLEET = `machines: { m: {} }
executors: [docker, shell]
runners:
  - { name: a, machine: m, executor: docker }
`
const rulesOf = (rules: string) => parseFleet(FLEET + rules).rules

describe('the rules of a site', () => {
  test('are none where the file says none', () => {
    expect(rulesOf('')).toEqual([])
  })

  test('are what the file says of each kind, in its order', () => {
    const rules = rulesOf(`rules:
  - { name: containers, type: executor }
  - { name: no shells, type: executor, allowed: [docker], jobs: ["app/*"] }
  - { name: arch, type: architecture, allowed: [x86_64] }
  - { name: gpu, type: gpu, models: [any] }
  - { name: memory, type: memory, at_least_gb: 0.5 }
  - { name: near, type: zone, allowed: [west], severity: soft }
  - { name: cheap, type: cost_ceiling, eur_per_hour: 0.05, severity: soft, weight: 2.5 }
  - { name: windows, type: maintenance_window }
  - { name: alive, type: online_by_heartbeat, silent_after_seconds: 600 }
  - { name: free, type: free_slots }
`)
    const all = { severity: 'hard', weight: 0, jobs: null }
    expect(rules).toEqual([
      { ...all, name: 'containers', type: 'executor', allowed: null },
      { ...all, name: 'no shells', type: 'executor', allowed: ['docker'], jobs: ['app/*'] },
      { ...all, name: 'arch', type: 'architecture', allowed: ['amd64'] },
      { ...all, name: 'gpu', type: 'gpu', models: ['any'] },
      { ...all, name: 'memory', type: 'memory', atLeastGb: 0.5 },
      { ...all, name: 'near', type: 'zone', allowed: ['west'], severity: 'soft', weight: 1 },
      { ...all, name: 'cheap', type: 'cost_ceiling', eurPerHour: 0.05, severity: 'soft', weight: 2.5 },
      { ...all, name: 'windows', type: 'maintenance_window' },
      { ...all, name: 'alive', type: 'online_by_heartbeat', silentAfterMs: 600_000 },
      { ...all, name: 'free', type: 'free_slots' },
    ])
  })

  test('of the example are read when their comment signs are taken off', () => {
    const path = join(import.meta.dirname, '../../../shared/fleet.example.yaml')
    const example = readFileSync(path, 'utf8').replace(/^# (rules:| {2}- \{ name:)/gm, '$1')
    const rules = parseFleet(example).rules
    expect(rules.map(({ type }) => type)).toHaveLength(9)
    expect(rules.filter(({ severity }) => severity === 'soft').map(({ name }) => name)).toEqual(['cheap'])
  })

  test('that are switched off are as if they were not there', () => {
    const off =
      'rules: [{ name: a, type: free_slots, enabled: false }, { name: b, type: free_slots, enabled: true }]'
    expect(rulesOf(off).map(({ name }) => name)).toEqual(['b'])
  })

  test('with faults are reported with their lines, and so is what else is wrong', () => {
    const faults = faultsOf(`${FLEET}rules:
  - { name: colour, type: colour }
  - name: cheap
    type: cost_ceiling
    weight: 1
    eur_per_hour: 1
  - name: cheap
    type: executor
    allowed: [docker, podman]
  - { name: "a ", type: free_slots, priority: 1 }
  - { name: heavy, type: free_slots, severity: soft, weight: 101 }
  - { name: much, type: cost_ceiling }
  - { type: memory, at_least_gb: 0 }
  - { name: some, type: zone, allowed: [], jobs: all }
fallback_tag: nobody
`)
    expect(faults.map((fault) => /^line \d+: [\w.]+/.exec(fault)?.[0]).toSorted()).toEqual(
      [
        'line 6: rules.0.type',
        'line 9: rules.1.weight',
        'line 11: rules.2.name',
        'line 13: rules.2.allowed.1',
        'line 14: rules.3.name',
        'line 14: rules.3.priority',
        'line 15: rules.4.weight',
        'line 16: rules.5.eur_per_hour',
        'line 17: rules.6.name',
        'line 17: rules.6.at_least_gb',
        'line 18: rules.7.allowed',
        'line 18: rules.7.jobs',
        'line 19: fallback_tag',
      ].toSorted(),
    )
    expect(faults.join('\n')).toContain('rules.0.type: is one of executor, architecture, gpu')
    expect(faults.join('\n')).toContain(
      'rules.1.weight: a hard rule has no weight; severity: soft makes it a preference',
    )
  })
})
