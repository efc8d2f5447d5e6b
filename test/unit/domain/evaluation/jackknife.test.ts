/** A difference without one pipeline or job: from sums, as from all the terms anew. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { compared } from '../../../../shared/domain/evaluation/comparison.ts'
import type { Term } from '../../../../shared/domain/evaluation/estimate.ts'
import {
  type Cluster,
  type ClusterTotals,
  deciderOf,
  differenceWithout,
  fewestToReverse,
} from '../../../../shared/domain/evaluation/jackknife.ts'

/** Jobs by what each adds to the difference; the name of its pipeline beside. */
type Gain = { cluster: string; gain: number }

const term = (cluster: string, modelPolicy: number): Term => ({
  cluster,
  weight: 0,
  reward: 0,
  feasible: 1,
  modelPolicy,
  modelAction: 0,
})

/** The doubly robust difference of what gains so much from what gains nothing. */
const anew = (gains: readonly Gain[]) =>
  compared(
    gains.map(({ cluster, gain }) => term(cluster, gain)),
    gains.map(({ cluster }) => term(cluster, 0)),
    'dr',
  )

function summed(gains: readonly Gain[]): { totals: ClusterTotals; of: (name: string) => Cluster } {
  const difference = gains.reduce((sum, { gain }) => sum + gain, 0) / gains.length
  const of = (name: string) => {
    const own = gains.filter(({ cluster }) => cluster === name)
    return { jobs: own.length, beyond: own.reduce((sum, { gain }) => sum + gain - difference, 0) }
  }
  const clusters = [...new Set(gains.map(({ cluster }) => cluster))].map(of)
  const sum = (value: (cluster: Cluster) => number) =>
    clusters.reduce((total, cluster) => total + value(cluster), 0)
  return {
    of,
    totals: {
      clusters: clusters.length,
      jobs: gains.length,
      difference,
      squares: sum(({ beyond }) => beyond ** 2),
      products: sum(({ beyond, jobs }) => beyond * jobs),
      jobsSquared: sum(({ jobs }) => jobs ** 2),
    },
  }
}

const logs = fc.array(
  fc.record({
    cluster: fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f'),
    gain: fc.double({ min: -5, max: 5, noNaN: true }),
  }),
  { minLength: 8, maxLength: 40 },
)

function expectSame(found: ReturnType<typeof differenceWithout>, gains: readonly Gain[]) {
  const { difference, low, high, sequenceLow, sequenceHigh } = anew(gains)
  if (new Set(gains.map(({ cluster }) => cluster)).size < 2) return expect(found).toBeUndefined()
  expect(found?.difference).toBeCloseTo(difference as number, 9)
  // An error of nothing is a root of rounding.
  expect(found?.low).toBeCloseTo(low as number, 5)
  expect(found?.high).toBeCloseTo(high as number, 5)
  expect(found?.sequenceLow).toBeCloseTo(sequenceLow as number, 5)
  expect(found?.sequenceHigh).toBeCloseTo(sequenceHigh as number, 5)
}

describe('without some of them it is as computed anew of the others', () => {
  test('nobody, one pipeline, or several', () => {
    fc.assert(
      fc.property(logs, fc.subarray(['a', 'b', 'c', 'd', 'e', 'f'], { maxLength: 3 }), (gains, names) => {
        const { totals, of } = summed(gains)
        const gone = names.map(of).filter(({ jobs }) => jobs > 0)
        expectSame(
          differenceWithout(totals, gone),
          gains.filter(({ cluster }) => !names.includes(cluster)),
        )
      }),
    )
  })

  test('one job, also the only one of its pipeline', () => {
    fc.assert(
      fc.property(logs, fc.nat(7), (gains, index) => {
        const { cluster, gain } = gains[index] as Gain
        const { totals, of } = summed(gains)
        const whole = of(cluster)
        const rest = { jobs: whole.jobs - 1, beyond: whole.beyond - (gain - totals.difference) }
        expectSame(
          differenceWithout(totals, [whole], [rest]),
          gains.filter((_, at) => at !== index),
        )
      }),
    )
  })
})

describe('how few pipelines it hangs on', () => {
  // Forty pipelines of one job: every second gains nothing, the others more and more.
  const even = Array.from({ length: 40 }, (_, index) => ({
    cluster: `p${index}`,
    gain: (index % 2) * 0.01 * index,
  }))
  const fewest = (gains: readonly Gain[], most = 20) => {
    const { totals, of } = summed(gains)
    const all = [...new Set(gains.map(({ cluster }) => cluster))].map(of)
    const sorted = all.sort((left, right) => right.beyond - left.beyond)
    return fewestToReverse(totals, [...sorted.slice(0, most), ...sorted.slice(-most)], most)
  }

  test('found as by leaving out one after the other, to either side', () => {
    const byHand = (gains: readonly Gain[]) => {
      const sign = Math.sign(anew(gains).difference as number)
      const left = [...gains].sort((one, other) => sign * (other.gain - one.gain))
      let count = 0
      for (; ; count += 1, left.shift()) {
        const { low, high } = anew(left)
        if ((low as number) <= 0 && (high as number) >= 0) return count
      }
    }
    const turned = even.map(({ cluster, gain }) => ({ cluster, gain: -gain }))
    expect(fewest(even)).toBe(byHand(even))
    expect(fewest(turned)).toBe(byHand(turned))
    expect(fewest(even)).toBe(16)
  })

  test('none where zero is in it as it is, and unknown where more would have to go than are given', () => {
    const [first, ...others] = even as [Gain, ...Gain[]]
    expect(fewest([{ ...first, gain: -9 }, ...others])).toBe(0)
    expect(fewest(even, 15)).toBeNull()
  })
})

test('what decides: the sequence, this look, or nothing', () => {
  const of = (low: number, high: number, sequenceLow: number | null, sequenceHigh: number | null) =>
    deciderOf({ low, high, sequenceLow, sequenceHigh })
  expect(of(0.1, 0.3, 0.05, 0.35)).toBe('sequence')
  expect(of(-0.3, -0.1, -0.35, -0.05)).toBe('sequence')
  expect(of(0.1, 0.3, -0.05, 0.45)).toBe('one_look')
  expect(of(0.1, 0.3, null, null)).toBe('one_look')
  expect(of(0, 0.3, null, null)).toBeNull()
  expect(of(-0.1, 0.3, -0.2, 0.4)).toBeNull()
})
