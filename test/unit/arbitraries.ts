/** Arbitrary events, runners, fleets and jobs for the laws that hold for all of them. */
import fc from 'fast-check'
import type { FinalStatus, JobEvent } from '../../shared/domain/event.ts'
import type { Fleet, Runner } from '../../shared/domain/fleet.ts'
import { finishedEvent, fleetWith, NOON, runnerOf, WINDOW } from '../support/builders.ts'

/** Names that a careless map or JSON object trips over, and any others. */
export const nameArb = fc.oneof(
  fc.constantFrom('__proto__', 'constructor', 'toString', '380', '-1', 'Läufer ☕', '\ud800', ' ', 'a', 'b'),
  fc.string({ minLength: 1, maxLength: 6, unit: 'grapheme' }),
)

const secondsArb = fc.oneof(
  fc.integer({ min: 1, max: 5_000_000 }).map((ms) => ms / 1000),
  fc.constantFrom(0.0001, 0.0004, 0.9999999, 1, 1e8),
)
const idArb = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }))
const failureReasons = [null, 'script_failure', 'runner_system_failure', 'no_updates_running']

/** A finish of any kind within one lateness window, so that no id of a set of them is ever forgotten. */
export const finishArb: fc.Arbitrary<JobEvent> = fc
  .record({
    projectId: idArb,
    jobId: idArb,
    jobName: nameArb,
    arm: fc.oneof({ weight: 1, arbitrary: fc.constant(null) }, { weight: 6, arbitrary: nameArb }),
    status: fc.constantFrom<FinalStatus>('success', 'failed', 'canceled'),
    failureReason: fc.constantFrom(...failureReasons),
    durationSeconds: fc.oneof(
      { weight: 1, arbitrary: fc.constant(null) },
      { weight: 6, arbitrary: secondsArb },
    ),
    costPerHourEur: fc.constantFrom(0, 0.07, 2.5),
    occurredAt: fc.integer({ min: NOON, max: NOON + WINDOW }),
  })
  .map(finishedEvent)

/** Finishes of different jobs. */
export const finishesArb = fc.uniqueArray(finishArb, { selector: ({ eventId }) => eventId, maxLength: 30 })

/** All of them, some of them again, in any order, cut into batches. */
export function deliveriesArb(events: readonly JobEvent[]): fc.Arbitrary<JobEvent[][]> {
  return fc.subarray([...events]).chain((again) => {
    const all = [...events, ...again]
    const inAnyOrder = fc.shuffledSubarray(all, { minLength: all.length })
    return fc.tuple(inAnyOrder, fc.array(fc.nat(all.length))).map(([order, cuts]) => cutAt(order, cuts))
  })
}

function cutAt<T>(items: readonly T[], cuts: readonly number[]): T[][] {
  const ends = [...cuts, items.length].sort((a, b) => a - b)
  return ends.map((end, index) => items.slice(ends[index - 1] ?? 0, end))
}

const tagsArb = fc.subarray(['docker', 'linux', 'gpu', 'Docker'])

export const runnerArb: fc.Arbitrary<Runner> = fc
  .record({
    tags: tagsArb,
    runUntagged: fc.boolean(),
    refProtected: fc.boolean(),
    paused: fc.boolean(),
    online: fc.boolean(),
    projects: fc.constantFrom(null, ['group/app'], ['42', 'portal'], []),
  })
  .map(runnerOf)

/** Up to six arms, `arm 0` to `arm 5`, of one to three runners each. */
export const fleetArb: fc.Arbitrary<Fleet> = fc
  .array(fc.array(runnerArb, { minLength: 1, maxLength: 3 }), { maxLength: 6 })
  .map((pools) =>
    fleetWith(
      ...pools.map((runners, index) => ({
        id: `arm ${index}`,
        tag: `own-${index}`,
        runners: runners.map((runner, member) => ({ ...runner, name: `runner ${index}.${member}` })),
      })),
    ),
  )

export const jobArb = fc.record({
  projectNames: fc.constantFrom(['group/app', '42', 'app'], ['7', 'other']),
  tags: tagsArb,
  refProtected: fc.constantFrom(true, false, null),
})
