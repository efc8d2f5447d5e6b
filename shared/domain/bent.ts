/**
 * Student's t minus a sum L of many exponentials.
 *
 * Where L is the wider one, or the t nearly normal: a t of the same mean and variance, with so many more degrees of
 * freedom that the kurtosis is the difference's, and bent as a gamma distribution of the same skewness is bent beside
 * the normal. Of a gamma G with the shape N the cube root is nearly normal (Wilson, Hilferty 1931):
 *   P(G ≤ N + √N·g) ≈ Φ(3√N·((1 + g/√N)^(1/3) − 1 + 1/(9N))).
 * An unbent t of the same variance, right to 2e-3, is wrong by a factor of 5 and more about a probability of 1e-4.
 *
 * Else the mean of the t moved by each of eight values of L, by the quadrature of Gauss and Hermite.
 */
import { columnsOf, cumulative, type Distribution, NODE_UNITS, studentT } from './student-t.ts'

/** Cumulants: the mean, the variance, and the third central moment. */
export type Cumulants = { mean: number; variance: number; third: number }

/** `degrees` is a whole number, at least 4. */
export type StudentT = { location: number; scale: number; degrees: number }

/** A gamma of this shape has a skewness of 2e-4, which changes nothing. */
const HARDLY_SKEWED = 1e8
/** More are not told from the normal. */
const MOST_DEGREES = 1e6
const NEARLY_NORMAL = 40
/** Eight values are enough for a sum of up to so many times the variance of the t. */
const MOST_FOR_EIGHT = 2
/** Standard normal points and their weights. */
const EIGHT = [
  [0.539079811351375, 0.373012257679077],
  [1.636519042435108, 0.117239907661759],
  [2.802485861287542, 0.00963522012078826],
  [4.144547186125894, 0.000112614538375368],
].flatMap(([z = 0, weight = 0]) => [
  { z, weight },
  { z: -z, weight },
])

/** The shape of the gamma that is as skewed as something with these cumulants. */
export function gammaShapeOf({ variance, third }: Pick<Cumulants, 'variance' | 'third'>): number {
  return (4 * variance ** 3) / (third * third)
}

/** @param lost of L; best where its gamma shape is at least 16. */
export function minusMany(from: StudentT, lost: Cumulants): Distribution {
  const own = varianceOf(from)
  if (lost.variance === 0) return studentT(from.location - lost.mean, from.scale, from.degrees)
  return from.degrees < NEARLY_NORMAL && lost.variance < MOST_FOR_EIGHT * own
    ? mixed(from, lost)
    : bent(from, lost)
}

function bent(from: StudentT, lost: Cumulants): Distribution {
  const location = from.location - lost.mean
  const variance = varianceOf(from) + lost.variance
  // Excess kurtosis 6 / (ν − 4), of a share of the variance; of 4 degrees it would be infinite.
  const dilution = (variance / varianceOf(from)) ** 2
  const degrees = Math.min(MOST_DEGREES, Math.round(4 + Math.max(0.5, from.degrees - 4) * dilution))
  const unbent = studentT(location, Math.sqrt((variance * (degrees - 2)) / degrees), degrees)
  const shape = gammaShapeOf({ variance, third: lost.third })
  if (shape > HARDLY_SKEWED) return unbent
  const root = Math.sqrt(shape)
  const straight = columnsOf([{ location: 0, scale: 1, table: unbent.table }])
  const table = NODE_UNITS.map((units) => {
    const cube = 1 - units / root
    return cube <= 0 ? 1 : cumulative(straight, 0, 3 * root * (1 - 1 / (9 * shape) - Math.cbrt(cube)))
  })
  return { ...unbent, table }
}

function mixed(from: StudentT, lost: Cumulants): Distribution {
  const { location, scale, degrees } = from
  const unmoved = columnsOf([studentT(0, scale, degrees)])
  const deviation = Math.sqrt(lost.variance)
  const shape = Math.min(HARDLY_SKEWED, gammaShapeOf(lost))
  const root = Math.sqrt(shape)
  const moves = EIGHT.map(({ z, weight }) => {
    const standard = root * ((1 - 1 / (9 * shape) + z / (3 * root)) ** 3 - 1)
    return { weight, by: deviation * standard }
  })
  const wider = Math.hypot(scale, deviation)
  const table = NODE_UNITS.map((units) =>
    moves.reduce((sum, { weight, by }) => sum + weight * cumulative(unmoved, 0, units * wider + by), 0),
  )
  return { location: location - lost.mean, scale: wider, table }
}

function varianceOf({ scale, degrees }: StudentT): number {
  return (scale * scale * degrees) / (degrees - 2)
}
