/**
 * P(each of several independent quantities is the largest), integrated from their distributions: nothing is drawn.
 *
 * With F_i the distribution of quantity i, the largest has G = Π F_j, and G' = G · Σ (ln F_j)': wherever the largest
 * lies, it is quantity i with a probability in proportion to (ln F_i)'. So each cell from x0 to x1 gives
 * (G(x1) − G(x0)) · Δ ln F_i / Σ Δ ln F_j to quantity i, and cells are halved until those shares hardly turn
 * within one. All are ≥ 0 and add up to 1, whatever the cells are. Absolute error of each: below 2e-3, the tables of F
 * included; 1.3e-3 was the largest found beside a fine integration.
 */
import { type Columns, columnsOf, cumulative, type Distribution, REACH_UNITS } from './student-t.ts'

/** A cell is halved while it holds more than this of the probability … */
const MOST_IN_A_CELL = 1 / 32
/** … or, unless it holds next to nothing, while G more than doubles in it. */
const NEXT_TO_NOTHING = 1e-4
const MOST_GROWTH = 2
const MOST_HALVINGS = 48
const LOW_HALVINGS = 20
/** Below this G is taken for 0, and not all of its factors are looked at. */
const NOTHING = 1e-9

/** Distinct distributions, and where in `shares` each gathers its probability. */
type Quantities = Columns & {
  /** How many quantities have the distribution. */
  counts: Float64Array
  places: Int32Array
  shares: Float64Array
  /** Who exceeds a point with a probability below this is left out of what lies above it. */
  outOfReach: number
}

/** F of each, and G, at a point; where G is as good as 0, all are 0. */
type Point = { x: number; each: Float64Array; largest: number }

/** One probability per distribution, adding up to 1; empty for none. */
export function probabilitiesOfBest(distributions: readonly Distribution[]): Float64Array {
  const probabilities = new Float64Array(distributions.length)
  if (distributions.length === 0) return probabilities
  const { quantities, placeOf } = distinct(distributions)
  const { shares, counts } = quantities
  const { low, high } = reachOfLargest(quantities)
  shareOut(quantities, pointAt(quantities, low), pointAt(quantities, high), 0)
  let total = 0
  for (let place = 0; place < shares.length; place += 1) {
    total += (shares[place] as number) * (counts[place] as number)
  }
  for (let index = 0; index < probabilities.length; index += 1) {
    probabilities[index] = (shares[placeOf[index] as number] as number) / total
  }
  return probabilities
}

/** The largest is below this with a probability of at most `probability`, and hardly less. */
export function lowOfLargest(distributions: readonly Distribution[], probability: number): number {
  const { quantities } = distinct(distributions)
  let { low, high } = reachOfLargest(quantities)
  for (let halving = 0; halving < LOW_HALVINGS; halving += 1) {
    const middle = (low + high) / 2
    if (pointAt(quantities, middle).largest > probability) high = middle
    else low = middle
  }
  return low
}

/** The largest is above `low`, and below `high`. */
function reachOfLargest({ locations, scales }: Columns): { low: number; high: number } {
  let low = -Infinity
  let high = -Infinity
  for (let index = 0; index < locations.length; index += 1) {
    const reach = REACH_UNITS * (scales[index] as number)
    low = Math.max(low, (locations[index] as number) - reach)
    high = Math.max(high, (locations[index] as number) + reach)
  }
  return { low, high }
}

/** Equal distributions are computed once, and so come out exactly equal. */
function distinct(given: readonly Distribution[]): { quantities: Quantities; placeOf: Int32Array } {
  const placeOf = new Int32Array(given.length)
  const placesAt = new Map<number, number[]>()
  const found: Distribution[] = []
  const counts: number[] = []
  for (let index = 0; index < given.length; index += 1) {
    const distribution = given[index] as Distribution
    const near = placesAt.get(distribution.location) ?? []
    let place = near.find((other) => areEqual(found[other] as Distribution, distribution))
    if (place === undefined) {
      place = found.push(distribution) - 1
      counts.push(0)
      placesAt.set(distribution.location, [...near, place])
    }
    counts[place] = (counts[place] as number) + 1
    placeOf[index] = place
  }
  const quantities = {
    ...columnsOf(found),
    counts: Float64Array.from(counts),
    places: Int32Array.from(found, (_, place) => place),
    shares: new Float64Array(found.length),
    outOfReach: NEXT_TO_NOTHING / given.length,
  }
  return { quantities, placeOf }
}

/** Tables that agree at the centre and half a unit around it are of one distribution. */
function areEqual(a: Distribution, b: Distribution): boolean {
  if (a.location !== b.location || a.scale !== b.scale) return false
  const centre = (a.table.length - 1) / 2
  return [centre - 8, centre, centre + 8].every((node) => a.table[node] === b.table[node])
}

function pointAt(quantities: Quantities, x: number): Point {
  const { counts } = quantities
  const each = new Float64Array(counts.length)
  let largest = 1
  for (let index = 0; index < each.length; index += 1) {
    const below = cumulative(quantities, index, x)
    each[index] = below
    largest *= counts[index] === 1 ? below : below ** (counts[index] as number)
    if (largest < NOTHING) return { x, each: each.fill(0), largest: 0 }
  }
  return { x, each, largest }
}

function shareOut(quantities: Quantities, low: Point, high: Point, halvings: number): void {
  const mass = high.largest - low.largest
  if (mass <= 0) return
  const isCoarse =
    mass > MOST_IN_A_CELL || (mass > NEXT_TO_NOTHING && high.largest > MOST_GROWTH * low.largest)
  if (!isCoarse || halvings === MOST_HALVINGS) return give(quantities, low, high, mass)
  const middle = pointAt(quantities, (low.x + high.x) / 2)
  shareOut(quantities, low, middle, halvings + 1)
  const left = inReach(quantities, middle, high)
  shareOut(left.quantities, left.low, left.high, halvings + 1)
}

/** Gives each its share of the mass of a cell. */
function give({ counts, places, shares }: Quantities, low: Point, high: Point, mass: number): void {
  const changes = new Float64Array(counts.length)
  let total = 0
  for (let index = 0; index < changes.length; index += 1) {
    const before = low.each[index] as number
    const after = high.each[index] as number
    // ln(after / before) / 2 by two terms of its series: 0.3 % short at a ratio of 2, and never infinite.
    const z = after === before ? 0 : (after - before) / (after + before)
    const change = z * (1 + (z * z) / 3)
    changes[index] = change
    total += change * (counts[index] as number)
  }
  if (total === 0) return
  const unit = mass / total
  for (let index = 0; index < changes.length; index += 1) {
    const place = places[index] as number
    shares[place] = (shares[place] as number) + unit * (changes[index] as number)
  }
}

/** Goes on without those who cannot be the largest above `low`, where they are the majority. */
function inReach(
  quantities: Quantities,
  low: Point,
  high: Point,
): { quantities: Quantities; low: Point; high: Point } {
  const certain = 1 - quantities.outOfReach
  let count = 0
  for (let index = 0; index < low.each.length; index += 1) {
    if ((low.each[index] as number) < certain) count += 1
  }
  if (count > low.each.length / 2) return { quantities, low, high }
  const kept = new Int32Array(count)
  for (let index = 0, next = 0; next < count; index += 1) {
    if ((low.each[index] as number) < certain) kept[next++] = index
  }
  const only = (column: Float64Array) => {
    const shorter = new Float64Array(count)
    for (let next = 0; next < count; next += 1) shorter[next] = column[kept[next] as number] as number
    return shorter
  }
  const { locations, scales, tables, counts, places } = quantities
  return {
    quantities: {
      ...quantities,
      locations: only(locations),
      scales: only(scales),
      tables: Array.from(kept, (index) => tables[index] as Float64Array),
      counts: only(counts),
      places: kept.map((index) => places[index] as number),
    },
    low: { ...low, each: only(low.each) },
    high: { ...high, each: only(high.each) },
  }
}
