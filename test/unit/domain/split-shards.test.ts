import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fold } from '../../../shared/domain/fold.ts'
import { mayBeForgotten } from '../../../shared/domain/id-window.ts'
import { mergeNewestEpoch, mergeShards } from '../../../shared/domain/merge-shards.ts'
import { shardOf, shardsOfObjectName, stateObjectName } from '../../../shared/domain/shard.ts'
import { splitShards } from '../../../shared/domain/split-shards.ts'
import { EMPTY_STATE, holdsOutcome } from '../../../shared/domain/state.ts'
import { bytesOf, DAY, finishedEvent, HOUR, NOON, stateOf, WINDOW } from '../../support/builders.ts'
import { finishArb, finishesArb } from '../arbitraries.ts'

const shardsArb = fc.integer({ min: 1, max: 9 })

test('a job has the shard of its FNV-1a hash', () => {
  // The vectors of the hash's authors, modulo a number above all of them: "a" and "foobar" are no jobs, so the
  // hash is taken of a job and compared with a computation of its own.
  const fnv1a = (text: string) => {
    let hash = 2_166_136_261n
    for (const byte of new TextEncoder().encode(text))
      hash = ((hash ^ BigInt(byte)) * 16_777_619n) % 2n ** 32n
    return hash
  }
  expect(fnv1a('foobar')).toBe(0xbf9cf968n)
  fc.assert(
    fc.property(
      fc.nat(Number.MAX_SAFE_INTEGER),
      fc.nat(Number.MAX_SAFE_INTEGER),
      shardsArb,
      (project, job, shards) => {
        expect(shardOf(project, job, shards)).toBe(Number(fnv1a(`${project}/${job}`) % BigInt(shards)))
      },
    ),
  )
})

test('jobs in a row spread over the shards', () => {
  const counts = [0, 0, 0, 0, 0, 0, 0, 0]
  for (let job = 1; job <= 8000; job += 1) {
    const shard = shardOf(42, job, 8)
    counts[shard] = (counts[shard] as number) + 1
  }
  expect(Math.min(...counts)).toBeGreaterThan(800)
  expect(Math.max(...counts)).toBeLessThan(1200)
})

test('every shard of every number has an object of its own, and the name says of which number', () => {
  const names = [1, 2, 3, 12].flatMap((shards) =>
    Array.from({ length: shards }, (_, shard) => [shard, shards] as const),
  )
  expect(new Set(names.map(([shard, shards]) => stateObjectName(shard, shards))).size).toBe(names.length)
  for (const [shard, shards] of names) expect(shardsOfObjectName(stateObjectName(shard, shards))).toBe(shards)
  for (const other of [
    'bandit_state.3-of-3.json',
    'bandit_state.json.tmp',
    'bandit_state-2026.json',
    'bandit_layout.json',
  ])
    expect(shardsOfObjectName(other)).toBeUndefined()
})

test('shards of a state merge to the state, to the byte', () => {
  fc.assert(
    fc.property(finishesArb, shardsArb, fc.integer({ min: 0, max: 20 * DAY }), (events, shards, oldMs) => {
      // Some so far back that the ids of the others have been forgotten.
      const newer = events.map((event, index) =>
        index % 3 === 0 ? { ...event, occurredAt: event.occurredAt + oldMs } : event,
      )
      const state = stateOf(newer)
      const parts = splitShards(state, shards)
      expect(parts.length).toBe(shards)
      expect(bytesOf(mergeShards(parts, WINDOW))).toBe(bytesOf(state))
    }),
  )
})

test('a shard drops a repeat of its jobs, and learns the new ones as the whole would', () => {
  fc.assert(
    fc.property(finishesArb, fc.array(finishArb), shardsArb, (known, more, shards) => {
      const whole = stateOf(known)
      const parts = splitShards(whole, shards).map((part, shard) =>
        fold(
          part,
          [...known, ...more].filter(({ projectId, jobId }) => shardOf(projectId, jobId, shards) === shard),
          WINDOW,
        ),
      )
      expect(bytesOf(mergeShards(parts, WINDOW))).toBe(bytesOf(fold(whole, more, WINDOW)))
    }),
  )
})

test('a shard tells of a job as old as the whole has forgotten that it may have had it', () => {
  const state = stateOf([finishedEvent({ jobId: 1, occurredAt: NOON + 30 * DAY })])
  const old = finishedEvent({ jobId: 2, occurredAt: NOON })
  for (const part of splitShards(state, 5)) expect(mayBeForgotten(part, old, WINDOW)).toBe(true)
})

test('the ids of a job are in its own shard, also where the instance has a path', () => {
  const events = Array.from({ length: 50 }, (_, index) =>
    finishedEvent({
      instance: 'example.com/gitlab',
      projectId: 7,
      jobId: index + 1,
      occurredAt: NOON + index * HOUR,
    }),
  )
  const parts = splitShards(stateOf(events), 4)
  for (const event of events)
    expect(parts.map((part) => holdsOutcome(part, event)).indexOf(true)).toBe(shardOf(7, event.jobId, 4))
})

test('of shards of several epochs the newest counts', () => {
  const [one, two, three] = [1, 2, 3].map((jobId) => stateOf([finishedEvent({ jobId })])) as [
    never,
    never,
    never,
  ]
  const { state, resetAt } = mergeNewestEpoch(
    [
      { state: one, resetAt: 5 },
      { state: two, resetAt: 9 },
      { state: three, resetAt: 9 },
    ],
    WINDOW,
  )
  expect(resetAt).toBe(9)
  expect(bytesOf(state)).toBe(bytesOf(mergeShards([two, three], WINDOW)))
  expect(mergeNewestEpoch([{ state: EMPTY_STATE, resetAt: 0 }], WINDOW)).toEqual({
    state: EMPTY_STATE,
    resetAt: 0,
  })
})
