/** What doctor makes of the numbers, at and around its bounds. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import type { Inspection, Outline } from '../../functions/inspect.ts'
import { type Check, shell, span } from '../../functions/local/doctor/check.ts'
import { checkFacts, skipFacts } from '../../functions/local/doctor/facts.ts'
import {
  checkDisk,
  checkFleet,
  checkFolder,
  checkNode,
  checkSettings,
  checkTokens,
  projectOf,
} from '../../functions/local/doctor/place.ts'
import { diagnosis } from '../../functions/local/doctor/say-doctor.ts'
import { DAY, HOUR, MINUTE, NOON } from '../support/builders.ts'
import { temporaryFolder } from '../support/temporary-folder.ts'

const WELL: Inspection = {
  now: NOON,
  state: { fault: null, observations: 7, isWhatLogSays: true },
  queues: { learn: 0, 'record-events': 0 },
  oldestWaitingAt: null,
  deadLetters: 0,
  quarantine: { bodies: 0, lastDay: 0, lastWeekInFuture: 0 },
  newestReceivedAt: NOON - MINUTE,
  newestWebhookAt: NOON - MINUTE,
  newestProjectId: 7,
  lastResetAt: 0,
  lastWeek: { finishes: 100, unmanaged: 10 },
}
const OUTLINE: Outline = {
  fleetFile: 'fleet.yaml',
  arms: 2,
  host: '127.0.0.1',
  publicUrl: null,
  hasSigningToken: false,
  hasApiToken: false,
  hasIdTokens: false,
  hasAdminToken: false,
  quarantineMaxRows: 1000,
  queueMaxMessages: 500,
}

const judged = (facts: Partial<Inspection>, outline: Partial<Outline> = {}) =>
  checkFacts({ ...WELL, ...facts }, { ...OUTLINE, ...outline }, (command) => `rb ${command}`)
const notWell = (checks: Check[]) => checks.filter(({ status }) => status !== 'OK')

test('what is well is OK, and says nothing to do', () => {
  const checks = judged({})
  expect(notWell(checks)).toEqual([])
  expect(checks.map(({ mend }) => mend)).toEqual(checks.map(() => undefined))
  expect(skipFacts('why').map(({ name }) => name)).toEqual(checks.map(({ name }) => name))
})

test.each<[string, Partial<Inspection>, Partial<Check>]>([
  [
    'an illegible state',
    { state: { fault: 'garbage' } },
    { name: 'State', status: 'Failed', mend: 'rb rebuild' },
  ],
  [
    'a state that the log does not bear out',
    { state: { fault: null, observations: 7, isWhatLogSays: false } },
    { name: 'State', status: 'Failed', mend: 'rb rebuild' },
  ],
  ['a full queue', { queues: { learn: 500, shadow: 0 } }, { name: 'Queues', status: 'Failed' }],
  [
    'a message that waits for long',
    { queues: { learn: 1 }, oldestWaitingAt: NOON - 10 * MINUTE - 1 },
    { name: 'Queues', status: 'Warning', finding: '1 for learn; the oldest has waited for 10 min' },
  ],
  [
    'a dead letter',
    { deadLetters: 1 },
    { name: 'Dead letters', status: 'Warning', mend: 'rb dead-letters redrive' },
  ],
  [
    'a full quarantine',
    { quarantine: { bodies: 1000, lastDay: 0, lastWeekInFuture: 0 } },
    { name: 'Quarantine', status: 'Warning', mend: 'rb quarantine redrive' },
  ],
  [
    'a quarantine that grows',
    { quarantine: { bodies: 200, lastDay: 101, lastWeekInFuture: 0 } },
    { name: 'Quarantine', status: 'Warning', mend: 'rb quarantine list' },
  ],
  ['no webhook ever', { newestWebhookAt: null }, { name: 'Webhooks', status: 'Warning' }],
  [
    'a long silence',
    { newestWebhookAt: NOON - DAY - 1 },
    { name: 'Webhooks', status: 'Warning', finding: expect.stringContaining('24 h ago') },
  ],
  [
    'many strangers',
    { lastWeek: { finishes: 100, unmanaged: 11 } },
    { name: 'Arms', status: 'Warning', mend: expect.stringContaining('rb stats') },
  ],
  ['no jobs', { lastWeek: { finishes: 0, unmanaged: 0 } }, { name: 'Arms', status: 'Skipped' }],
  ['moments of the future', { newestReceivedAt: NOON + 5 * MINUTE + 1 }, { name: 'Clock', status: 'Failed' }],
  ['a reset in the future', { lastResetAt: NOON + HOUR }, { name: 'Clock', status: 'Failed' }],
  [
    'jobs of the future',
    { quarantine: { bodies: 1, lastDay: 1, lastWeekInFuture: 1 } },
    { name: 'Clock', status: 'Warning', mend: expect.stringContaining('timedatectl') },
  ],
])('%s is found, and nothing else', (_what, facts, expected) => {
  expect(notWell(judged(facts))).toEqual([expect.objectContaining(expected)])
})

test.each<[string, Partial<Inspection>]>([
  [
    'events that wait while the state is looked at',
    { state: { fault: null, observations: 1, isWhatLogSays: null } },
  ],
  ['a message that waits for ten minutes', { queues: { learn: 499 }, oldestWaitingAt: NOON - 10 * MINUTE }],
  ['a hundred bodies a day', { quarantine: { bodies: 999, lastDay: 100, lastWeekInFuture: 0 } }],
  ['a day of silence', { newestWebhookAt: NOON - DAY }],
  ['a clock that differs by minutes', { newestReceivedAt: NOON + 5 * MINUTE }],
])('%s: all is well', (_what, facts) => {
  expect(notWell(judged(facts))).toEqual([])
})

describe('the place', () => {
  test.each([
    ['22.18.0', 'OK'],
    ['24.0.0', 'OK'],
    ['22.17.9', 'Failed'],
    ['20.20.2', 'Failed'],
  ])('Node %s is %s', (version, status) => {
    expect(checkNode(version).status).toBe(status)
  })

  test('settings are told with every fault', () => {
    expect(checkSettings([])).toMatchObject({ status: 'OK' })
    expect(checkSettings(['PORT: no', 'HOST: no'])).toMatchObject({
      status: 'Failed',
      finding: 'PORT: no\nHOST: no',
    })
  })

  test('a fleet file is read; the example is a warning, and faults are told', () => {
    const file = join(temporaryFolder(), 'fleet.yaml')
    writeFileSync(file, 'machines: 7')
    expect(checkFleet(undefined, undefined)).toMatchObject({ status: 'Warning' })
    expect(checkFleet(file, undefined)).toMatchObject({
      status: 'Failed',
      finding: expect.stringContaining('fault'),
    })
    expect(checkFleet(join(file, 'nowhere'), undefined)).toMatchObject({ status: 'Failed' })
    expect(checkFleet('of-the-server.yaml', 3)).toMatchObject({
      status: 'OK',
      finding: '3 arms in of-the-server.yaml',
    })
  })

  test('a folder is its owner’s, is a folder, and is there', () => {
    const folder = join(temporaryFolder(), 'a folder')
    expect(checkFolder(folder)).toMatchObject({
      status: 'Warning',
      mend: `npx runner-bandit serve --data '${folder}'`,
    })
    mkdirSync(folder, { mode: 0o700 })
    expect(checkFolder(folder)).toMatchObject({ status: 'OK' })
    writeFileSync(join(folder, 'webhook-token'), 'x')
    // Not by the mode that it is made with, from which the process may mask bits.
    chmodSync(join(folder, 'webhook-token'), 0o644)
    expect(checkFolder(folder)).toMatchObject({
      status: 'Warning',
      mend: `chmod go= '${join(folder, 'webhook-token')}'`,
    })
    expect(checkFolder(join(folder, 'webhook-token'))).toMatchObject({ status: 'Failed' })
  })

  test('a disk has room, little room, or none', () => {
    const mebibytes = (count: number) => checkDisk('/', count * 1024 * 1024).status
    expect([1024, 1023, 100, 99].map(mebibytes)).toEqual(['OK', 'Warning', 'Warning', 'Failed'])
    expect(checkDisk('/nowhere/at/all').status).not.toBe('Skipped')
  })

  test('whoever can be reached has tokens', () => {
    const statusOf = (outline: Partial<Outline>) => checkTokens({ ...OUTLINE, ...outline }).status
    expect(statusOf({})).toBe('OK')
    expect(statusOf({ publicUrl: 'https://bandit.example.com' })).toBe('Warning')
    expect(statusOf({ host: '0.0.0.0' })).toBe('Warning')
    expect(statusOf({ publicUrl: 'https://bandit.example.com', hasApiToken: true })).toBe('OK')
    expect(statusOf({ publicUrl: 'http://bandit.example.com', hasApiToken: true })).toBe('Warning')
    expect(statusOf({ host: '0.0.0.0', hasIdTokens: true })).toBe('OK')
  })

  test.each([
    [{ hasApiToken: true }, 'webhook: set; API: set; admin: not set, so /reset is closed'],
    [{ hasIdTokens: true }, 'webhook: set; API: by id tokens; admin: not set, so /reset is closed'],
    [
      { hasApiToken: true, hasIdTokens: true },
      'webhook: set; API: set and by id tokens; admin: not set, so /reset is closed',
    ],
  ])('with %j its tokens are told as they are', (given, finding) => {
    expect(checkTokens({ ...OUTLINE, publicUrl: 'https://bandit.example.com', ...given }).finding).toBe(
      finding,
    )
  })

  test('before the first webhook it advises to install it, of a known project by its id, and to run a job when it is', () => {
    const facts = { ...WELL, newestWebhookAt: null, newestProjectId: null }
    const adviceOf = (projectId: number | null, isHooked: boolean) =>
      checkFacts(facts, OUTLINE, (command) => command, { projectId, isHooked }).find(
        ({ name }) => name === 'Webhooks',
      )?.mend
    expect(adviceOf(null, false)).toContain('hook install --project ID')
    expect(adviceOf(7, false)).toContain('hook install --project 7')
    expect(adviceOf(7, true)).toMatch(/^Run a job/)
  })

  test('a project to ask GitLab about is taken from the fleet, if it gives one an id', () => {
    const file = join(temporaryFolder(), 'fleet.yaml')
    const rest =
      'machines: { m: {} }\nexecutors: [docker]\nrunners: [{ name: a, machine: m, executor: docker }]\n'
    writeFileSync(file, `${rest}projects: [{ name: plain }, { name: app, id: 7 }]\n`)
    expect(projectOf(file)).toBe(7)
    writeFileSync(file, rest)
    expect(projectOf(file)).toBeNull()
    writeFileSync(file, 'no fleet')
    expect(projectOf(file)).toBeNull()
    expect(projectOf(undefined)).toBeNull()
  })
})

test.each([
  [999, '0 s'],
  [119_999, '119 s'],
  [120_000, '2 min'],
  [2 * HOUR - 1, '119 min'],
  [2 * DAY, '2 days'],
  [-5, '0 s'],
])('%s ms are %s', (ms, text) => {
  expect(span(ms)).toBe(text)
})

test('a path is quoted for a shell where it has to be', () => {
  expect([shell('/a/b-c.d'), shell("it's")]).toEqual(['/a/b-c.d', `'it'\\''s'`])
})

test('a diagnosis is aligned, each command on a line of its own, without what steers a terminal', () => {
  const checks: Check[] = [
    { name: 'Node', status: 'OK', finding: '24' },
    { name: 'Dead letters', status: 'Warning', finding: 'two\n  - lines \x1b[2J', mend: 'rb redrive' },
  ]
  expect(diagnosis(checks, false)).toBe(
    [
      'OK       Node          24',
      'Warning  Dead letters  two',
      '                       - lines  [2J',
      '                       → rb redrive',
      '',
      '1 warning; the rest is well.',
    ].join('\n'),
  )
  expect(diagnosis(checks.slice(0, 1), true)).toBe('\x1b[32mOK\x1b[0m  Node  24\n\nAll is well.')
})
