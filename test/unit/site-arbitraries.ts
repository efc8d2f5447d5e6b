/** Arbitrary sites: fleets with rules, jobs with needs, and what was seen of the runners. */
import fc from 'fast-check'
import { type Fleet, fleetOf, type MaintenanceWindow, type Runner } from '../../shared/domain/fleet.ts'
import type { SiteDemand, SiteFacts, SiteRule } from '../../shared/domain/site-rule.ts'
import { HOUR, NOON } from '../support/builders.ts'
import { jobArb, runnerArb } from './arbitraries.ts'

const oneOrNull = <T>(...values: T[]) => fc.constantFrom(null, ...values)
const listOrNull = (...values: string[]) =>
  fc.option(fc.subarray(values, { minLength: 1 }), { nil: null, freq: 2 })

const windowArb: fc.Arbitrary<MaintenanceWindow> = fc.oneof(
  fc.record({
    kind: fc.constant('once' as const),
    from: fc.constantFrom(NOON - HOUR, NOON, NOON + 1),
    to: fc.constantFrom(NOON + 2, NOON + HOUR),
  }),
  fc.record({
    kind: fc.constant('weekly' as const),
    days: fc.subarray([0, 1, 2, 3, 4, 5, 6]),
    fromMinute: fc.nat(24 * 60 - 1),
    toMinute: fc.nat(24 * 60 - 1),
  }),
)

const siteRunnerArb: fc.Arbitrary<Runner> = fc
  .tuple(
    runnerArb,
    fc.record({
      executor: fc.constantFrom('docker', 'shell', 'kubernetes'),
      architecture: oneOrNull('amd64', 'arm64'),
      gpu: oneOrNull('none', 'a100', 't4'),
      memoryGb: oneOrNull(2, 8, 64),
      zone: oneOrNull('west', 'east'),
      slots: oneOrNull(1, 2),
      costPerHourEur: fc.constantFrom(0, 0.05, 2),
      maintenance: fc.array(windowArb, { maxLength: 2 }),
    }),
  )
  .map(([runner, more]) => ({ ...runner, ...more }))

const demandArb: fc.Arbitrary<SiteDemand> = fc.oneof(
  fc.record({ type: fc.constant('executor' as const), allowed: listOrNull('docker', 'shell', 'kubernetes') }),
  fc.record({ type: fc.constant('architecture' as const), allowed: listOrNull('amd64', 'arm64') }),
  fc.record({ type: fc.constant('gpu' as const), models: listOrNull('any', 'a100', 't4', 'none') }),
  fc.record({ type: fc.constant('memory' as const), atLeastGb: oneOrNull(4, 8, 32) }),
  fc.record({ type: fc.constant('zone' as const), allowed: listOrNull('west', 'east') }),
  fc.record({ type: fc.constant('cost_ceiling' as const), eurPerHour: fc.constantFrom(0, 0.05, 1) }),
  fc.constant({ type: 'maintenance_window' as const }),
  fc.record({ type: fc.constant('online_by_heartbeat' as const), silentAfterMs: fc.constantFrom(1, HOUR) }),
  fc.constant({ type: 'free_slots' as const }),
)

export const rulesArb: fc.Arbitrary<SiteRule[]> = fc
  .array(
    fc.tuple(
      fc.record({
        severity: fc.constantFrom('hard' as const, 'hard' as const, 'soft' as const),
        weight: fc.constantFrom(0, 0.5, 3),
        jobs: oneOrNull(['42/unit'], ['app/*'], ['*t'], ['group/app/deploy*', '7/*']),
      }),
      demandArb,
    ),
    { maxLength: 7 },
  )
  .map((rules) => rules.map(([common, demand], index) => ({ name: `rule ${index}`, ...common, ...demand })))

/** Up to five arms of one to three runners each; half of the fleets consist of runners that GitLab's rule takes for all. */
export const siteFleetArb: fc.Arbitrary<Fleet> = fc
  .tuple(
    fc.array(fc.array(siteRunnerArb, { minLength: 1, maxLength: 3 }), { maxLength: 5 }),
    rulesArb,
    fc.boolean(),
  )
  .map(([pools, rules, isOpen]) =>
    fleetOf(
      pools.map((runners, index) => ({
        id: `arm ${index}`,
        tag: `own-${index}`,
        runners: runners.map((runner, member) => ({
          ...runner,
          name: `runner ${index}.${member}`,
          ...(isOpen ? OPEN : {}),
        })),
      })),
      { rules },
    ),
  )

const OPEN = {
  tags: new Set(['docker', 'linux', 'gpu', 'Docker']),
  runUntagged: true,
  refProtected: false,
  paused: false,
  online: true,
  projects: null,
}

export const siteJobArb = fc
  .tuple(
    jobArb,
    fc.constantFrom('42/unit', '42/deploy web', '42/t'),
    fc.record({
      executors: oneOrNull(['docker', 'kubernetes'], ['shell']),
      architecture: oneOrNull('amd64', 'arm64'),
      gpu: oneOrNull('any', 'a100'),
      memoryGb: oneOrNull(4, 16),
      zone: oneOrNull('west'),
    }),
  )
  .map(([job, jobKey, needs]) => ({ ...job, projectNames: ['group/app', '42', 'app'], jobKey, needs }))

export const siteFactsArb: fc.Arbitrary<SiteFacts | undefined> = fc.option(
  fc
    .tuple(
      fc.integer({ min: NOON - 24 * HOUR, max: NOON + 7 * 24 * HOUR }),
      fc.array(
        fc.record({ lastSeenAt: oneOrNull(0, NOON - HOUR, NOON - 1, NOON), running: oneOrNull(0, 1, 2) }),
        { minLength: 15, maxLength: 15 },
      ),
      fc.nat(15),
    )
    .map(([at, facts, known]) => ({
      at,
      runners: new Map(
        facts.slice(0, known).map((one, index) => [`runner ${Math.floor(index / 3)}.${index % 3}`, one]),
      ),
    })),
  { nil: undefined, freq: 6 },
)
