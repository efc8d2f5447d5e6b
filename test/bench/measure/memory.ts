/** Whether the memory of the fold grows with the events folded once the id window is full: it must not. */

import { fold } from '../../../shared/domain/fold.ts'
import { EMPTY_STATE } from '../../../shared/domain/state.ts'
import { WINDOW } from '../../support/builders.ts'
import { type Size, successesAsTheyCome } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'

export const measure = alone(import.meta.filename, ['--expose-gc'])

const EVENTS = 1_000_000
const BATCH = 250
const SEGMENTS = 10
/** Ids in a full window. */
const WINDOW_IDS = 100_000
const SIZE: Size = { arms: 50, jobKeys: 20 }

export async function inside(_input: Alone): Promise<Values> {
  let state = EMPTY_STATE
  let folded = 0
  const { events: batch, goOn } = successesAsTheyCome(BATCH, WINDOW_IDS, SIZE)
  const foldUpTo = (count: number) => {
    for (; folded < count; folded += BATCH) {
      state = fold(state, batch, WINDOW)
      goOn()
    }
  }
  // Twice as many as the window holds: it is full, and some were forgotten.
  foldUpTo(2 * WINDOW_IDS)
  const points = [{ events: 0, bytes: heapBytes() }]
  for (let segment = 1; segment <= SEGMENTS; segment += 1) {
    const events = (EVENTS / SEGMENTS) * segment
    foldUpTo(2 * WINDOW_IDS + events)
    points.push({ events, bytes: heapBytes() })
  }
  const ids = [...state.folded.values()].flatMap((projects) =>
    [...projects.values()].flatMap((set) => [...set]),
  )
  if (ids.length < WINDOW_IDS) throw new Error(`the id window is not full: ${ids.length} ids`)
  return { 'memory, each folded event': [slope(points)] }
}

/** What is left after a collection, on the heap and outside of it. */
function heapBytes(): number {
  for (let times = 0; times < 3; times += 1) globalThis.gc?.()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

/** Least squares: bytes an event. */
function slope(points: readonly { events: number; bytes: number }[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const meanEvents = mean(points.map(({ events }) => events))
  const meanBytes = mean(points.map(({ bytes }) => bytes))
  const along = points.map(({ events, bytes }) => (events - meanEvents) * (bytes - meanBytes))
  const square = points.map(({ events }) => (events - meanEvents) ** 2)
  return mean(along) / mean(square)
}
