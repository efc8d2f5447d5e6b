/** When a tag is healthy, degraded or down, one case for each piece of evidence. */
import { describe, expect, test } from 'vitest'
import {
  judgeTags,
  machinesWanted,
  type Observation,
  type RunnerSigns,
  type VmStatus,
  watchedTags,
} from '../../../shared/domain/availability.ts'
import { parseFleet } from '../../../shared/schema/fleet.ts'
import { MINUTE, NOON } from '../../support/builders.ts'

const fleet = parseFleet(`
machines:
  cheap: { cost_per_hour_eur: 0.1, vm: { name: cheap, zone: z } }
  dear: { cost_per_hour_eur: 0.9, vm: { name: dear, zone: z } }
  mac: {}
executors: [docker]
projects: [{ name: crm, id: 7 }]
runners:
  - { name: Dear, machine: dear, executor: docker, tags: [any, cloud, dear], own_tag: dear }
  - { name: Cheap, machine: cheap, executor: docker, tags: [any, cloud, cheap], own_tag: cheap, projects: [crm] }
  - { name: Mac, machine: mac, executor: docker, tags: [any, mac], own_tag: mac }
  - { name: Old Mac, machine: mac, executor: docker, tags: [any, old], paused: true }
availability: { tags: [old, nobody] }
`)

type Seen = {
  /** Minutes that a job has waited for the tags. */
  waiting?: [tags: string[], minutes: number, project?: string][]
  /** Minutes since each runner was contacted. */
  contacted?: Record<string, number>
  signs?: Record<string, Partial<RunnerSigns>>
  machines?: Record<string, VmStatus>
}

function seen({ waiting = [], contacted = {}, signs = {}, machines = {} }: Seen): Observation {
  const none = { contactedAt: null, startedAt: null, finishedAt: null, running: 0 }
  const told = Object.entries(contacted).map(
    ([name, ago]) => [name, { contactedAt: NOON - ago * MINUTE }] as const,
  )
  const runners = [...told, ...Object.entries(signs)].map(
    ([name, its]) => [name, { name, ...none, ...its }] as const,
  )
  return {
    at: NOON,
    waiting: waiting.map(([tags, minutes, project = '7']) => ({
      ...{ projectNames: [project], tags, refProtected: null, waitedMs: minutes * MINUTE },
    })),
    runners: new Map(runners),
    machines: new Map(Object.entries(machines)),
  }
}

const judge = (what: Seen, tag: string) => judgeTags(seen(what), fleet, []).find((one) => one.tag === tag)

test('watches what several arms share, and what the fleet names', () => {
  expect(watchedTags(fleet)).toEqual(['any', 'cloud', 'nobody', 'old'])
})

describe('a tag is', () => {
  test.each<[string, string, Seen, string]>([
    ['healthy when nothing waits and nothing is known', 'cloud', {}, 'healthy'],
    ['healthy when a job has just come', 'cloud', { waiting: [[['cloud'], 4]] }, 'healthy'],
    ['degraded when a job waits for longer', 'cloud', { waiting: [[['cloud'], 6]] }, 'degraded'],
    ['down when it waits and nobody gives a sign of life', 'cloud', { waiting: [[['cloud'], 16]] }, 'down'],
    [
      'down when the only signs are older than the waiting, as GitLab writes them',
      'cloud',
      { waiting: [[['cloud'], 16]], contacted: { Dear: 50, Cheap: 40 } },
      'down',
    ],
    [
      'degraded when it waits though a runner has just asked',
      'cloud',
      { waiting: [[['cloud'], 16]], contacted: { Dear: 3 } },
      'degraded',
    ],
    [
      'degraded when it waits for a runner that is busy with a long job',
      'cloud',
      { waiting: [[['cloud'], 16]], signs: { Dear: { startedAt: NOON - 60 * MINUTE, running: 1 } } },
      'degraded',
    ],
    [
      'down when the sign is of a runner whose machine is off',
      'cloud',
      { waiting: [[['cloud'], 16]], contacted: { Dear: 3 }, machines: { dear: 'stopped' } },
      'down',
    ],
    ['down when all machines are off', 'cloud', { machines: { dear: 'stopped', cheap: 'missing' } }, 'down'],
    ['healthy when one of its machines is off', 'cloud', { machines: { dear: 'stopped' } }, 'healthy'],
    ['down when all were silent for long', 'cloud', { contacted: { Dear: 80, Cheap: 90 } }, 'down'],
    ['degraded when one was silent for long', 'cloud', { contacted: { Dear: 80, Cheap: 3 } }, 'degraded'],
    ['not to blame for jobs of another', 'cloud', { waiting: [[['mac'], 60]] }, 'healthy'],
    ['down when all of its runners are paused', 'old', { contacted: { 'Old Mac': 1 } }, 'down'],
    ['down when nobody carries it', 'nobody', {}, 'down'],
  ])('%s', (_what, tag, what, status) => {
    expect(judge(what, tag)?.status).toBe(status)
  })

  test('told in plain words, of one and of several', () => {
    const contacted = { Dear: 80, Cheap: 3, Mac: 3 }
    expect(judge({ contacted }, 'cloud')?.reason).toBe('1 of its 2 runners is silent.')
    expect(judge({ contacted: { ...contacted, Mac: 80 } }, 'any')?.reason).toBe(
      '2 of its 3 runners are silent.',
    )
    const waiting = (minutes: number): Seen => ({ waiting: [[['cloud'], minutes]] })
    expect(judge(waiting(1), 'cloud')?.reason).toBe('1 job waits, the oldest for 1 minute.')
    expect(judge(waiting(2), 'cloud')?.reason).toBe('1 job waits, the oldest for 2 minutes.')
  })

  test('told with its evidence, and since when', () => {
    const what = {
      waiting: [[['cloud'], 16]],
      contacted: { Dear: 20 },
      machines: { dear: 'running' },
    } satisfies Seen
    const before = judgeTags({ ...seen(what), at: NOON - MINUTE }, fleet, [])
    expect(judgeTags(seen(what), fleet, before).find(({ tag }) => tag === 'cloud')).toEqual({
      tag: 'cloud',
      status: 'down',
      since: NOON - MINUTE,
      reason:
        '1 job waits, the oldest for 16 minutes, and none of its runners gave a sign of life in 15 minutes.',
      waiting: 1,
      oldestWaitSeconds: 960,
      lastSeenAt: NOON - 20 * MINUTE,
      runners: 2,
      silent: 0,
      running: 0,
      machines: [{ machine: 'dear', status: 'running' }],
    })
  })
})

describe('a machine is wanted', () => {
  const OFF = { cheap: 'stopped', dear: 'stopped' } satisfies Seen['machines']

  test.each<[string, Seen, string[], string[]]>([
    [
      'when its tag is down and a job waits: the cheapest',
      { waiting: [[['cloud'], 20]], machines: OFF },
      [],
      ['cheap'],
    ],
    [
      'that may take the job: another project, another machine',
      { waiting: [[['cloud'], 20, '8']], machines: OFF },
      [],
      ['dear'],
    ],
    ['and not when nothing waits', { machines: OFF }, [], []],
    ['and not for a job that has not waited long', { waiting: [[['cloud'], 10]], machines: OFF }, [], []],
    [
      'and not when no runner of it could take the job',
      { waiting: [[['cloud', 'gpu'], 20]], machines: OFF },
      [],
      [],
    ],
    [
      'and not when one that may take it is on its way',
      { waiting: [[['cloud'], 20]], machines: OFF },
      ['dear'],
      [],
    ],
    [
      'and not when one that may take it is on',
      { waiting: [[['cloud'], 20]], machines: { cheap: 'stopped', dear: 'starting' } },
      [],
      [],
    ],
    ['and not when nobody knows whether it is off', { waiting: [[['cloud'], 20]] }, [], []],
    [
      'once for many jobs',
      {
        waiting: [
          [['cloud'], 20],
          [['cloud'], 30],
        ],
        machines: OFF,
      },
      [],
      ['cheap'],
    ],
    [
      'for each job that the others cannot take',
      {
        waiting: [
          [['cloud', 'dear'], 20],
          [['cloud', 'cheap'], 30],
        ],
        machines: OFF,
      },
      [],
      ['cheap', 'dear'],
    ],
  ])('%s', (_what, what, started, expected) => {
    const observation = seen(what)
    const tags = judgeTags(observation, fleet, [])
    expect(machinesWanted(observation, tags, fleet, new Set(started))).toEqual(expected)
  })
})
