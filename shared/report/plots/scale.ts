/** From values to places on a drawing, and the round numbers along it. */

export type Scale = {
  /** Where a value stands, in units of the drawing. */
  at(value: number): number
  ticks: readonly number[]
  /** Decimals that tell the ticks apart. */
  decimals: number
}

const WANTED_TICKS = 6

/**
 * @param extent what has to be on it, smallest and largest; both may be the same
 * @param range where these stand
 */
export function scaleOf(
  [low, high]: readonly [number, number],
  [start, end]: readonly [number, number],
): Scale {
  const span = high > low ? high - low : Math.abs(high) || 1
  const [first, last] = high > low ? [low, high] : [low - span / 2, high + span / 2]
  const step = roundStep((last - first) / WANTED_TICKS)
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9))
  const count = Math.floor((last - first) / step + 1e-9) + 2
  const from = Math.ceil(first / step - 1e-9)
  const ticks = Array.from({ length: count }, (_, index) =>
    Number(((from + index) * step).toFixed(decimals + 2)),
  )
  return {
    at: (value) => start + ((value - first) / (last - first)) * (end - start),
    ticks: ticks.filter((tick) => tick <= last + step * 1e-9),
    decimals,
  }
}

/** Smallest and largest of what is there; undefined where nothing is. */
export function extentOf(values: Iterable<number | null | undefined>): [number, number] | undefined {
  let extent: [number, number] | undefined
  for (const value of values) {
    if (value === null || value === undefined || !Number.isFinite(value)) continue
    extent = extent === undefined ? [value, value] : [Math.min(extent[0], value), Math.max(extent[1], value)]
  }
  return extent
}

/** With some air on both sides. */
export function widened([low, high]: readonly [number, number], share = 0.05): [number, number] {
  const air = (high - low) * share
  return [low - air, high + air]
}

/** 1, 2 or 5 times a power of ten, at least as large. */
function roundStep(step: number): number {
  const power = 10 ** Math.floor(Math.log10(step))
  const factor = [1, 2, 5, 10].find((candidate) => candidate * power >= step * (1 - 1e-9)) ?? 10
  return factor * power
}
