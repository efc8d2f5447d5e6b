/** What happens at one and the same instant, in worlds of a few jobs. */
import { describe, expect, test } from 'vitest'
import { STATUS, worldFrom } from '../../../shared/simulator/index.ts'
import type { PullLogger } from '../../../shared/simulator/logger.ts'
import { play } from '../../../shared/simulator/play.ts'
import { ALONE, JOB } from './recount.ts'

/** Everybody alike; a draw of 0.01 takes the first there is. */
const alike: PullLogger = { kind: 'pull', name: 'alike', weightOf: () => 1 }
const takesFirst = () => 0.01

/** A pipeline of one job at each of these moments, each job takes 100 ms. */
function played(arrivesAtMs: readonly number[], arms: readonly string[]) {
  const world = worldFrom(
    arms.map((id) => ({ ...ALONE, id })),
    [JOB],
  )
  const workload = {
    jobs: arrivesAtMs.length,
    key: new Int32Array(arrivesAtMs.length),
    pipeline: Int32Array.from(arrivesAtMs.keys()),
    pendingAfterMs: new Int32Array(arrivesAtMs.length),
    first: Int32Array.from([...arrivesAtMs.keys(), arrivesAtMs.length]),
    arrivesAtMs: Float64Array.from(arrivesAtMs),
  }
  return play(world, workload, () => ({ status: STATUS.success, ms: 100 }), alike, takesFirst)
}

describe('at one instant', () => {
  test('who ends frees the slot before anybody chooses', () => {
    const run = played([0, 100], ['a', 'b'])
    expect([...run.arm]).toEqual([0, 0])
    expect([...run.propensity]).toEqual([0.5, 0.5])
    expect([...run.notFull]).toEqual([3, 3])
  })

  test('who waits already has the slot before who comes', () => {
    const run = played([0, 50, 100], ['a'])
    expect([...run.startMs]).toEqual([0, 100, 200])
    expect([...run.propensity]).toEqual([1, 1, 1])
  })

  test('who comes together chooses one after another, in the order of the jobs', () => {
    const run = played([0, 0, 0], ['a', 'b'])
    expect([...run.arm]).toEqual([0, 1, 0])
    expect([...run.startMs]).toEqual([0, 0, 100])
    expect([...run.propensity]).toEqual([0.5, 1, 0.5])
  })
})
