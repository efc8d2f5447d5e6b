/** A turn of the state from disk to disk: read, decode, fold a batch, encode, write. And how large it is. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../shared/adapters/clock.ts'
import { openLocalState } from '../../../shared/adapters/local/state.ts'
import { fold } from '../../../shared/domain/fold.ts'
import { encodeState } from '../../../shared/schema/state.ts'
import { WINDOW } from '../../support/builders.ts'
import { nextSuccesses, type Size, stateWith } from '../learned.ts'
import { type Alone, alone, type Values } from '../measurement.ts'
import { type Contender, cpuNs, interleave } from '../rounds.ts'

export const measure = alone(import.meta.filename)

const BATCH = 250
const CYCLES = 5
const NS_PER_MS = 1e6

const SMALL: Size = { arms: 50, jobKeys: 20 }
const LARGE: Size = { arms: 100, jobKeys: 100 }
const LARGE_CELLS = LARGE.arms * LARGE.jobKeys

export async function inside({ rounds, folder }: Alone): Promise<Values> {
  const wall: number[] = []
  const ms = await interleave(rounds, {
    small: cycling(join(folder, 'small'), 1000, SMALL, wall),
    large: cycling(join(folder, 'large'), LARGE_CELLS, LARGE),
    full: cycling(join(folder, 'full'), 100_000, SMALL),
  })
  const state = stateWith(10 * LARGE_CELLS, LARGE)
  const cellBytes = encodeState(state).length - encodeState({ ...state, cells: new Map() }).length
  return {
    'state cycle, 1,000 cells': ms.small,
    'state cycle, 10,000 cells, each 1,000': ms.large.map((value) => (value * 1000) / LARGE_CELLS),
    'state cycle, 1,000 cells and 100,000 ids': ms.full,
    // The first was to warm up.
    'state cycle, 1,000 cells, waiting included': wall.slice(1),
    'state, size of a cell': [cellBytes / LARGE_CELLS],
  }
}

/** CPU milliseconds of a cycle. A store that was just opened has to read and decode, as an instance in the cloud. */
function cycling(folder: string, ids: number, size: Size, wall: number[] = []): Contender {
  const bytes = encodeState(stateWith(ids, size))
  const batch = nextSuccesses(BATCH, ids, size)
  mkdirSync(folder)
  return async () => {
    let ns = 0
    let wallMs = 0
    for (let cycle = 0; cycle < CYCLES; cycle += 1) {
      writeFileSync(join(folder, 'bandit_state.json'), bytes)
      const store = openLocalState(folder, systemClock)
      const startNs = cpuNs()
      const startMs = performance.now()
      const { state, generation } = await store.read()
      await store.write(fold(state, batch, WINDOW), generation)
      ns += cpuNs() - startNs
      wallMs += performance.now() - startMs
    }
    wall.push(wallMs / CYCLES)
    return ns / CYCLES / NS_PER_MS
  }
}
