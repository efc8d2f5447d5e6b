import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { agree, claimOf, type JobEvent } from '../../../shared/domain/event.ts'
import { fold, startFold } from '../../../shared/domain/fold.ts'
import { mergeShards } from '../../../shared/domain/merge-shards.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { decodeState, encodeState } from '../../../shared/schema/state.ts'
import { bytesOf, stateOf, WINDOW } from '../../support/builders.ts'
import { deliveriesArb, finishArb, finishesArb } from '../arbitraries.ts'

const foldAll = (batches: Iterable<JobEvent[]>) => {
  let state = EMPTY_STATE
  for (const batch of batches) state = fold(state, batch, WINDOW)
  return state
}

describe('law 2: the first admitted content counts', () => {
  const repeatsArb = finishArb.chain((first) => {
    const { projectId, jobId, eventId } = first
    const repeat = finishArb.map((other) => ({ ...other, projectId, jobId, eventId }))
    return fc.tuple(fc.constant(first), fc.array(repeat, { minLength: 1, maxLength: 4 }))
  })

  test('in the state, whatever repeats say and whether they come together or later', () => {
    fc.assert(
      fc.property(finishesArb, repeatsArb, (others, [first, repeats]) => {
        const before = others.filter(({ eventId }) => eventId !== first.eventId)
        const expected = bytesOf(stateOf([...before, first]))
        expect(bytesOf(stateOf([...before, first, ...repeats]))).toBe(expected)
        expect(bytesOf(foldAll([before, [first], repeats]))).toBe(expected)
      }),
    )
  })

  test('and what conflicts with it changes no byte, even when it is the first to be seen here', () => {
    fc.assert(
      fc.property(finishesArb, repeatsArb, (others, [first, repeats]) => {
        const state = stateOf([...others, first])
        const conflicting = repeats.map((repeat) => ({ ...repeat, conflicting: true }))
        expect(fold(state, conflicting, WINDOW)).toBe(state)
        const unseen = others.map((event) => ({ ...event, conflicting: true }))
        expect(bytesOf(stateOf([...unseen, first]))).toBe(bytesOf(stateOf([first])))
      }),
    )
  })

  test('while agreement is mutual, and every claim agrees with itself', () => {
    fc.assert(
      fc.property(finishArb, finishArb, (one, other) => {
        expect(agree(claimOf(one), claimOf(one))).toBe(true)
        expect(agree(claimOf(one), claimOf(other))).toBe(agree(claimOf(other), claimOf(one)))
      }),
    )
  })
})

// All finishes lie within one window of each other. A repeat of a finish so old that its id was forgotten is out
// of the reach of this law; ingest calls it late, and bulk sources are compared with the whole log.
describe('law 4: the same events give the same bytes', () => {
  const deliveredArb = finishesArb.chain((events) =>
    fc.tuple(fc.constant(events), deliveriesArb(events), deliveriesArb(events)),
  )

  test('in any order, in any batches, with any repetition', () => {
    fc.assert(
      fc.property(deliveredArb, ([events, one, other]) => {
        expect(bytesOf(foldAll(one))).toBe(bytesOf(stateOf(events)))
        expect(bytesOf(foldAll(one))).toBe(bytesOf(foldAll(other)))
      }),
    )
  })

  test('over any sharding of the jobs, merged in any order', () => {
    const shardOf = ({ projectId, jobId }: JobEvent, shards: number) => (projectId * 31 + jobId) % shards
    fc.assert(
      fc.property(
        deliveredArb,
        fc.integer({ min: 1, max: 5 }),
        fc.boolean(),
        ([events, batches], count, isReversed) => {
          const shards = Array.from({ length: count }, (_, shard) =>
            foldAll(batches.map((batch) => batch.filter((event) => shardOf(event, count) === shard))),
          )
          const merged = mergeShards(isReversed ? shards.toReversed() : shards, WINDOW)
          expect(bytesOf(merged)).toBe(bytesOf(stateOf(events)))
        },
      ),
    )
  })

  test('also when the state is written and read again after every batch', () => {
    fc.assert(
      fc.property(deliveredArb, ([events, batches]) => {
        let state = EMPTY_STATE
        for (const batch of batches) state = decodeState(encodeState(fold(state, batch, WINDOW)))
        expect(bytesOf(state)).toBe(bytesOf(stateOf(events)))
      }),
    )
  })
})

describe('law 9: the fold of the log is the state', () => {
  test('whether folded in one go, batch by batch, or streamed in chunks', () => {
    fc.assert(
      fc.property(finishesArb, finishesArb, fc.integer({ min: 1, max: 7 }), (known, log, size) => {
        const before = stateOf(known)
        const inOneGo = bytesOf(fold(before, log, WINDOW))
        const chunks = Array.from({ length: Math.ceil(log.length / size) }, (_, index) =>
          log.slice(index * size, (index + 1) * size),
        )
        const streamed = startFold(before, WINDOW)
        for (const chunk of chunks) streamed.add(chunk)
        expect(bytesOf(streamed.state)).toBe(inOneGo)
        let state = before
        for (const chunk of chunks) state = fold(state, chunk, WINDOW)
        expect(bytesOf(state)).toBe(inOneGo)
      }),
    )
  })

  test('and a fold in progress says whether it changed anything', () => {
    fc.assert(
      fc.property(finishesArb, (events) => {
        const folding = startFold(EMPTY_STATE, WINDOW)
        folding.add(events)
        expect(folding.changed()).toBe(events.length > 0)
        const again = startFold(folding.state, WINDOW)
        again.add(events)
        expect(again.changed()).toBe(false)
      }),
    )
  })
})

describe('a state', () => {
  test('never moves under its reader: fold leaves its input and all earlier states as they were', () => {
    fc.assert(
      fc.property(fc.array(finishesArb, { minLength: 2, maxLength: 4 }), (batches) => {
        const states = [EMPTY_STATE]
        for (const batch of batches) states.push(fold(states.at(-1) ?? EMPTY_STATE, batch, WINDOW))
        const bytes = batches.map((_, index) => bytesOf(foldAll(batches.slice(0, index))))
        expect(states.slice(0, -1).map(bytesOf)).toEqual(bytes)
        expect(EMPTY_STATE.arms.size + EMPTY_STATE.cells.size + EMPTY_STATE.folded.size).toBe(0)
      }),
    )
  })

  test('can be folded again, and into another, as after a write that failed', () => {
    fc.assert(
      fc.property(finishesArb, finishesArb, finishesArb, (known, batch, other) => {
        const state = stateOf(known)
        const wanted = [bytesOf(stateOf([...known, ...batch])), bytesOf(stateOf([...known, ...other]))]
        for (let times = 0; times < 2; times += 1) {
          const states = [fold(state, batch, WINDOW), fold(state, other, WINDOW)]
          expect(states.map(bytesOf)).toEqual(wanted)
          expect(states.map((next) => bytesOf(fold(next, known, WINDOW)))).toEqual(wanted)
        }
      }),
    )
  })

  test('is returned itself when nothing changed', () => {
    fc.assert(
      fc.property(finishesArb, (events) => {
        const state = stateOf(events)
        expect(fold(state, events, WINDOW)).toBe(state)
        expect(fold(state, [], WINDOW)).toBe(state)
      }),
    )
  })
})
