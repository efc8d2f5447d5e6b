/** Every kind of rule with an example and its sentence. */
import { describe, expect, test } from 'vitest'
import { feasibleSet } from '../../../shared/domain/feasible.ts'
import { fleetOf } from '../../../shared/domain/fleet.ts'
import { isInMaintenance } from '../../../shared/domain/maintenance.ts'
import { CONTAINER_EXECUTORS, needsOf } from '../../../shared/domain/needs.ts'
import type { SiteDemand, SiteFacts, SiteNeeds, SiteRule } from '../../../shared/domain/site-rule.ts'
import { armOf, HOUR, NOON } from '../../support/builders.ts'

type RunnerWords = NonNullable<Parameters<typeof armOf>[0]>

const MINUTE = HOUR / 60
const site: SiteFacts = {
  at: NOON,
  runners: new Map([['Mac', { lastSeenAt: NOON - 90 * MINUTE, running: 2 }]]),
}
const ruleOf = (demand: SiteDemand, jobs: SiteRule['jobs'] = null): SiteRule => {
  return { name: 'ours', severity: 'hard', weight: 0, jobs, ...demand }
}

/** What the rule has against the runner; undefined: nothing. */
function refusal(
  demand: SiteDemand,
  runner: RunnerWords,
  {
    needs,
    facts = site,
    ...rest
  }: { needs?: Partial<SiteNeeds>; facts?: SiteFacts; jobs?: string[]; jobKey?: string } = {},
) {
  const fleet = fleetOf([armOf({ name: 'Mac', tags: ['docker'], ...runner })], {
    rules: [ruleOf(demand, rest.jobs)],
  })
  const job = {
    projectNames: ['group/app', '42', 'app'],
    tags: ['docker'],
    refProtected: false,
    needs: { ...needsOf({}), ...needs },
    ...(rest.jobKey === undefined ? {} : { jobKey: rest.jobKey }),
  }
  const { refused } = feasibleSet(['Mac'], fleet, job, { site: facts })
  expect(refused.map(({ code }) => code)).toEqual(refused.map(() => 'rule:ours'))
  return refused[0]?.reason
}

test.each<[string, SiteDemand, RunnerWords, Partial<SiteNeeds>?]>([
  [
    'Mac has the executor "shell", and the rule "ours" asks for "docker" or "kubernetes".',
    { type: 'executor', allowed: ['docker', 'kubernetes'] },
    { executor: 'shell' },
  ],
  [
    'Mac has the executor "shell", and the rule "ours" asks for "docker".',
    { type: 'executor', allowed: null },
    { executor: 'shell' },
    { executors: ['docker'] },
  ],
  [
    'Mac has the architecture "arm64", and the rule "ours" asks for "amd64".',
    { type: 'architecture', allowed: null },
    { architecture: 'arm64' },
    { architecture: 'amd64' },
  ],
  [
    'Mac has no GPU, and the rule "ours" asks for "any".',
    { type: 'gpu', models: null },
    { gpu: 'none' },
    { gpu: 'any' },
  ],
  [
    'Mac has the GPU "t4", and the rule "ours" asks for "a100" or "h100".',
    { type: 'gpu', models: ['a100', 'h100'] },
    { gpu: 't4' },
  ],
  [
    'Mac has 8 GB of memory, and the rule "ours" asks for 16 GB.',
    { type: 'memory', atLeastGb: null },
    { memoryGb: 8 },
    { memoryGb: 16 },
  ],
  [
    'Mac has the zone "us-east1-b", and the rule "ours" asks for "europe-north1-a".',
    { type: 'zone', allowed: ['europe-north1-a'] },
    { zone: 'us-east1-b' },
  ],
  [
    'Mac costs 0.07 EUR an hour, and the rule "ours" asks for at most 0.05.',
    { type: 'cost_ceiling', eurPerHour: 0.05 },
    { costPerHourEur: 0.07 },
  ],
  [
    'Mac is in a maintenance window, and the rule "ours" asks for one that is not.',
    { type: 'maintenance_window' },
    { maintenance: [{ kind: 'once', from: NOON, to: NOON + HOUR }] },
  ],
  [
    'Mac was last seen 90 minutes ago, and the rule "ours" asks for at most 45 seconds.',
    { type: 'online_by_heartbeat', silentAfterMs: 45_000 },
    {},
  ],
  [
    'Mac was last seen 90 minutes ago, and the rule "ours" asks for at most 60 minutes.',
    { type: 'online_by_heartbeat', silentAfterMs: HOUR },
    {},
  ],
  [
    'Mac runs 2 jobs in 2 slots, and the rule "ours" asks for a free one.',
    { type: 'free_slots' },
    { slots: 2 },
  ],
])('%s', (sentence, demand, runner, needs = {}) => {
  expect(refusal(demand, runner, { needs })).toBe(sentence)
})

test.each<[SiteDemand, RunnerWords, Partial<SiteNeeds>?]>([
  [{ type: 'executor', allowed: null }, { executor: 'shell' }],
  [{ type: 'architecture', allowed: ['arm64'] }, { architecture: null }],
  [{ type: 'architecture', allowed: ['arm64'] }, { architecture: 'arm64' }, { architecture: 'amd64' }],
  [{ type: 'gpu', models: ['any'] }, { gpu: null }],
  [{ type: 'gpu', models: ['any'] }, { gpu: 't4' }],
  [{ type: 'gpu', models: null }, { gpu: 'none' }],
  [{ type: 'memory', atLeastGb: 8 }, { memoryGb: null }],
  [{ type: 'memory', atLeastGb: 8 }, { memoryGb: 8 }],
  [{ type: 'memory', atLeastGb: null }, { memoryGb: 1 }],
  [{ type: 'zone', allowed: null }, { zone: 'a' }],
  [{ type: 'cost_ceiling', eurPerHour: 0.07 }, { costPerHourEur: 0.07 }],
  [{ type: 'maintenance_window' }, { maintenance: [{ kind: 'once', from: NOON - 1, to: NOON }] }],
  [{ type: 'online_by_heartbeat', silentAfterMs: 1.5 * HOUR }, {}],
  [{ type: 'online_by_heartbeat', silentAfterMs: 1 }, { name: 'Linux' }],
  [{ type: 'free_slots' }, { slots: 3 }],
  [{ type: 'free_slots' }, { slots: null }],
])('%o has nothing against %o, needed %o', (demand, runner, needs = {}) => {
  expect(
    refusal(demand, runner.name === undefined ? runner : { ...runner, name: 'Mac' }, {
      needs,
      ...(runner.name === undefined ? {} : { facts: { at: NOON, runners: new Map() } }),
    }),
  ).toBeUndefined()
})

describe('a rule for some jobs', () => {
  const shut: SiteDemand = { type: 'cost_ceiling', eurPerHour: 0 }
  const dear = { costPerHourEur: 1 }
  test.each([
    ['42/unit', '42/unit'],
    ['42/*', '42/unit'],
    ['*', '42/unit'],
    ['app/u*t', '42/unit'],
    ['group/app/*', '42/deploy: [eu]'],
    ['*/deploy: [*]', '42/deploy: [eu]'],
  ])('%s is for %s', (glob, jobKey) => {
    expect(refusal(shut, dear, { jobs: ['7/x', glob], jobKey })).toBeDefined()
  })
  test.each([
    ['42/unit', '42/units'],
    ['42/unit', '142/unit'],
    ['group/*', '42x/unit'],
    ['42/deploy: [eu]', '42/deploy: e'],
    ['42.unit', '42/unit'],
    ['other/*', '42/unit'],
  ])('%s is not for %s', (glob, jobKey) => {
    expect(refusal(shut, dear, { jobs: [glob], jobKey })).toBeUndefined()
  })
  test('is for none of which the key is not known', () => {
    expect(refusal(shut, dear, { jobs: ['*'] })).toBeUndefined()
    expect(refusal(shut, dear)).toBeDefined()
  })
})

describe('a maintenance window', () => {
  // 2026-11-21 is a Saturday.
  const at = (text: string) => Date.parse(`${text}Z`)
  const night = { kind: 'weekly' as const, days: [6], fromMinute: 22 * 60, toMinute: 2 * 60 }
  test.each([
    ['2026-11-21T21:59:59.999', false],
    ['2026-11-21T22:00:00', true],
    ['2026-11-22T01:59:59.999', true],
    ['2026-11-22T02:00:00', false],
    ['2026-11-22T22:30:00', false],
    ['2026-11-21T01:00:00', false],
  ])('that ends before it begins ends the next day: %s', (text, expected) => {
    expect(isInMaintenance([night], at(text))).toBe(expected)
  })
  test('of a day, or of one moment to another, has its first moment and not its last', () => {
    const noon = { ...night, days: [0, 6], fromMinute: 12 * 60, toMinute: 13 * 60 }
    expect(isInMaintenance([noon], at('2026-11-22T12:00'))).toBe(true)
    expect(isInMaintenance([noon], at('2026-11-22T13:00'))).toBe(false)
    expect(isInMaintenance([noon], at('2026-11-23T12:30'))).toBe(false)
    const once = { kind: 'once' as const, from: 5, to: 7 }
    expect([4, 5, 6, 7].map((moment) => isInMaintenance([noon, once], moment))).toEqual([
      false,
      true,
      true,
      false,
    ])
  })
})

describe('what a job needs', () => {
  test('is an executor of containers where it names an image or a service', () => {
    expect(needsOf({ image: 'node:24' }).executors).toBe(CONTAINER_EXECUTORS)
    expect(needsOf({ services: ['postgres'] }).executors).toContain('kubernetes')
    expect(needsOf({ image: 'node:24', executor: 'shell' }).executors).toEqual(['shell'])
    expect(CONTAINER_EXECUTORS).not.toContain('shell')
  })
  test('is nothing where nothing is said', () => {
    const nothing = { executors: null, architecture: null, gpu: null, memoryGb: null, zone: null }
    expect(needsOf({})).toEqual(nothing)
    expect(needsOf({ image: null, services: [], executor: null, memoryGb: null })).toEqual(nothing)
  })
  test('names architectures as Go does', () => {
    expect(
      ['x86_64', 'AMD64', 'aarch64', 'riscv64'].map((architecture) => needsOf({ architecture }).architecture),
    ).toEqual(['amd64', 'amd64', 'arm64', 'riscv64'])
  })
})

test.each([
  [599, '599 minutes'],
  [600, '10 hours'],
  [43_209, '30 days'],
  [4 * 24 * 60, '4 days'],
  [4 * 24 * 60 - 1, '95 hours'],
])('a silence of %s minutes is told as %s', (minutes, words) => {
  const facts = { at: NOON, runners: new Map([['Mac', { lastSeenAt: NOON - minutes * MINUTE, running: 0 }]]) }
  expect(refusal({ type: 'online_by_heartbeat', silentAfterMs: HOUR }, {}, { facts })).toContain(
    `was last seen ${words} ago`,
  )
})
