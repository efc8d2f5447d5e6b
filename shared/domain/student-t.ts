/**
 * Distributions as tables: F at fixed nodes in units of `scale` around `location`, linear in between.
 *
 * The nodes are 1/8 apart up to 4 units from the centre, and twice as far with every doubling up to 64 units;
 * beyond that F is 0 or 1. Against the true F the error is below 3e-4: a spacing² / 12 · max |f'|.
 */
export type Distribution = {
  location: number
  /** > 0, in the units of `location`. */
  scale: number
  /** F at the nodes, ascending; shared between distributions, so never to be written to. */
  table: Float64Array
}

/** How far a table reaches from its centre, in units of `scale`. */
export const REACH_UNITS = 64
const INNER_UNITS = 4
const INNER_NODES = 32
const DOUBLINGS = 4
const NODES_PER_DOUBLING = 16
const CENTRE = INNER_NODES + DOUBLINGS * NODES_PER_DOUBLING

/** Up to here every number of degrees of freedom has a table of its own; above, F moves by less than 2e-4. */
const EXACT_DEGREES = 128
const TABLES_PER_DOUBLING = 4
/** From here on one table serves for all: |F − Φ| < 0.16 / degrees. */
const MOST_DEGREES = 4096

const tables = new Map<number, Float64Array>()

/** Student's t with a whole number of degrees of freedom ≥ 1, moved and stretched. */
export function studentT(location: number, scale: number, degrees: number): Distribution {
  const nearby = nearbyDegrees(degrees)
  const table = tables.get(nearby) ?? tableOf(nearby)
  tables.set(nearby, table)
  return { location, scale, table }
}

/**
 * The distribution of Y − E, with Y as given and E exponential of this rate, independent of Y:
 * G(x) = ∫ rate · exp(−rate · v) · F(x + v) dv. Where F is linear between two nodes, each step down is exact.
 *
 * @param rate at least 1/4 in units of `scale`, else what it takes off does not fit into the reach of a table.
 */
export function minusExponential({ location, scale, table }: Distribution, rate: number): Distribution {
  const lowered = new Float64Array(table.length)
  let above = table[table.length - 1] as number
  lowered[table.length - 1] = above
  for (const { from, to, units } of RUNS) {
    const steps = rate * scale * units
    const keep = Math.exp(-steps)
    const upper = (1 - keep) / steps - keep
    const lower = 1 - keep - upper
    for (let node = from; node >= to; node -= 1) {
      above = keep * above + lower * (table[node] as number) + upper * (table[node + 1] as number)
      lowered[node] = above
    }
  }
  return { location, scale, table: lowered }
}

/** Many distributions side by side: fast to go through at one point after the other. */
export type Columns = { locations: Float64Array; scales: Float64Array; tables: Float64Array[] }

export function columnsOf(distributions: readonly Distribution[]): Columns {
  return {
    locations: Float64Array.from(distributions, ({ location }) => location),
    scales: Float64Array.from(distributions, ({ scale }) => scale),
    tables: distributions.map(({ table }) => table),
  }
}

/** F(x) of the one at `index`. */
export function cumulative({ locations, scales, tables }: Columns, index: number, x: number): number {
  const units = (x - (locations[index] as number)) / (scales[index] as number)
  const size = Math.abs(units)
  if (size >= REACH_UNITS) return units > 0 ? 1 : 0
  // 32 nodes up to 4 units, 16 in each doubling after that.
  let offset = 8 * size
  if (size >= INNER_UNITS) {
    if (size < 8) offset = 16 + 4 * size
    else if (size < 16) offset = 32 + 2 * size
    else offset = size < 32 ? 48 + size : 64 + size / 2
  }
  const position = units < 0 ? CENTRE - offset : CENTRE + offset
  // Just within the reach, rounding may put the position on the last node.
  const node = Math.min(position | 0, 2 * CENTRE - 1)
  const table = tables[index] as Float64Array
  const value = table[node] as number
  return value + (position - node) * ((table[node + 1] as number) - value)
}

function tableOf(degrees: number): Float64Array {
  const exact = Float64Array.from({ length: 2 * CENTRE + 1 }, (_, node) => {
    const offset = node - CENTRE
    return (1 + Math.sign(offset) * within(unitsAt(Math.abs(offset)), degrees)) / 2
  })
  let highest = 0
  return exact.map((value, node) => {
    let fitted = value
    // The line between two nodes lies below a curve that bends down: so it errs as much above it as below.
    if (Math.abs(node - CENTRE) < INNER_NODES)
      fitted -= ((exact[node + 1] as number) - 2 * value + (exact[node - 1] as number)) / 12
    // Rounding may not turn it down, nor take it out of [0, 1].
    highest = Math.min(1, Math.max(highest, fitted))
    return highest
  })
}

/** How many units the node this far from the centre stands for. */
function unitsAt(offset: number): number {
  if (offset <= INNER_NODES) return (offset * INNER_UNITS) / INNER_NODES
  const doublings = (offset - INNER_NODES) / NODES_PER_DOUBLING
  const whole = Math.floor(doublings)
  return INNER_UNITS * 2 ** whole * (1 + doublings - whole)
}

/** Where the nodes of every table lie, ascending, in units of `scale`. */
export const NODE_UNITS = Float64Array.from({ length: 2 * CENTRE + 1 }, (_, node) => {
  const offset = node - CENTRE
  return Math.sign(offset) * unitsAt(Math.abs(offset))
})

/** Runs of evenly spaced nodes from the top down; `units` lie between each and the next above. */
const RUNS: { from: number; to: number; units: number }[] = []
for (let node = 2 * CENTRE - 1; node >= 0; node -= 1) {
  const units = Math.abs(unitsAt(Math.abs(node + 1 - CENTRE)) - unitsAt(Math.abs(node - CENTRE)))
  const last = RUNS.at(-1)
  if (last?.units === units) last.to = node
  else RUNS.push({ from: node, to: node, units })
}

function nearbyDegrees(degrees: number): number {
  if (degrees <= EXACT_DEGREES) return degrees
  const tables = Math.round(TABLES_PER_DOUBLING * Math.log2(degrees / EXACT_DEGREES))
  return Math.min(MOST_DEGREES, 2 * Math.round((EXACT_DEGREES / 2) * 2 ** (tables / TABLES_PER_DOUBLING)))
}

/** P(|t| ≤ units) of Student's t, by the finite series of Abramowitz and Stegun, 26.7.3 and 26.7.4. */
function within(units: number, degrees: number): number {
  const angle = Math.atan(units / Math.sqrt(degrees))
  const cosine = Math.cos(angle)
  const isOdd = degrees % 2 === 1
  let term = isOdd ? cosine : 1
  let sum = degrees === 1 ? 0 : term
  for (let power = isOdd ? 3 : 2; power <= degrees - 2; power += 2) {
    term *= ((power - 1) / power) * cosine * cosine
    sum += term
  }
  const series = Math.sin(angle) * sum
  return isOdd ? (2 / Math.PI) * (angle + series) : series
}
