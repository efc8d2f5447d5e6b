/**
 * What one finished job costs in the fold, as learn folds it: batch after batch, each into the state that the one
 * before left. Time goes on as fast as keeps so many ids in the window: as many are forgotten as come.
 */
import type { JobEvent } from '../../../shared/domain/event.ts'
import { fold } from '../../../shared/domain/fold.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { WINDOW } from '../../support/builders.ts'
import { ratios } from '../figures.ts'
import { type Size, successesAsTheyCome } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { type Contender, cpuNs, interleave, keep } from '../rounds.ts'

export const measure = alone(import.meta.filename)

/** As many as the bus hands over at a time. */
const BATCH = 250
/** Events in memory at a time: little enough for a cache. */
const SLICE = 2000
const EVENTS = 40_000
const AT_ONCE = 20_000

const FEW: Size = { arms: 11, jobKeys: 1 }
const MANY: Size = { arms: 50, jobKeys: 20 }

export async function inside({ rounds }: Alone): Promise<Values> {
  const ns = await interleave(rounds, {
    loop: calibration(),
    small: folding(11, FEW, BATCH, SLICE),
    middle: folding(1000, FEW, BATCH, SLICE),
    cells: folding(1000, MANY, BATCH, SLICE),
    full: folding(100_000, MANY, BATCH, SLICE),
    bulk: folding(100_000, MANY, AT_ONCE, AT_ONCE),
  })
  return {
    'fold, 11 ids, 11 cells': ns.small,
    'fold, 1,000 ids, 11 cells': ns.middle,
    'fold, 1,000 ids, 1,000 cells': ns.cells,
    'fold, 100,000 ids, 1,000 cells': ns.full,
    'fold, 20,000 at once': ns.bulk,
    'fold, 100,000 ids against 1,000': ratios(ns.full, ns.cells),
    'calibration loop': ns.loop,
    'fold against the calibration loop': ratios(ns.full, ns.loop),
  }
}

/** CPU nanoseconds an event; a slice is folded in batches, and again with later events, a few times a round. */
function folding(ids: number, size: Size, batchSize: number, slice: number): Contender {
  const { events, goOn } = successesAsTheyCome(slice, ids, size)
  const batches = Array.from({ length: slice / batchSize }, (_, batch) =>
    events.slice(batch * batchSize, (batch + 1) * batchSize),
  )
  let state = EMPTY_STATE
  const foldSlice = () => {
    const start = cpuNs()
    for (const batch of batches) state = fold(state, batch, WINDOW)
    const ns = cpuNs() - start
    goOn()
    return ns
  }
  // Until the window is full, and something was forgotten.
  for (let folded = 0; folded < 1.2 * ids; folded += slice) foldSlice()
  return () => {
    let ns = 0
    for (let folded = 0; folded < EVENTS; folded += slice) ns += foldSlice()
    return ns / EVENTS
  }
}

/** The least that a fold could do: remember an id, find the sums of the arm and of the cell, add ten numbers. */
function calibration(): Contender {
  const { events } = successesAsTheyCome(SLICE, SLICE, MANY)
  return () => {
    let ns = 0
    for (let folded = 0; folded < EVENTS; folded += SLICE) {
      const start = cpuNs()
      keep(leastFold(events))
      ns += cpuNs() - start
    }
    return ns / EVENTS
  }
}

function leastFold(events: readonly JobEvent[]): Map<string, number[]> {
  const ids = new Set<number>()
  const sums = new Map<string, number[]>()
  const add = (key: string, count: number, term: number) => {
    const its = sums.get(key)
    if (its === undefined) sums.set(key, Array(count).fill(term))
    else for (let index = 0; index < count; index += 1) its[index] = (its[index] as number) + term
  }
  for (const { jobId, jobKey, arm, durationSeconds } of events) {
    if (ids.has(jobId)) continue
    ids.add(jobId)
    add(arm as string, 6, durationSeconds as number)
    add(jobKey, 4, durationSeconds as number)
  }
  return sums
}
