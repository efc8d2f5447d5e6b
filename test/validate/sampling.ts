/** Draws from the distributions that the published experiments name, by textbook methods. */
import { createRng } from '../../shared/played-gitlab/rng.ts'

export type Sampler = {
  /** In [0, 1). */
  uniform(): number
  chance(probability: number): boolean
  /** In [0, count). */
  index(count: number): number
  normal(): number
  /** @param shape at least 1. */
  gamma(shape: number): number
  /** @param a,b at least 1. */
  beta(a: number, b: number): number
}

/** The same seed gives the same draws. */
export function samplerOf(seed: string): Sampler {
  const { uniform, chance, index } = createRng(seed, 'validate')

  /** Marsaglia's polar method makes two at a time; NaN while there is none left. */
  let other = Number.NaN
  const normal = (): number => {
    if (!Number.isNaN(other)) {
      const kept = other
      other = Number.NaN
      return kept
    }
    for (;;) {
      const u = 2 * uniform() - 1
      const v = 2 * uniform() - 1
      const square = u * u + v * v
      if (square >= 1 || square === 0) continue
      const length = Math.sqrt((-2 * Math.log(square)) / square)
      other = v * length
      return u * length
    }
  }

  /** Marsaglia and Tsang (2000). */
  const gamma = (shape: number): number => {
    const d = shape - 1 / 3
    const c = 1 / Math.sqrt(9 * d)
    for (;;) {
      const x = normal()
      const root = 1 + c * x
      if (root <= 0) continue
      const v = root * root * root
      const u = 1 - uniform()
      const square = x * x
      if (u < 1 - 0.0331 * square * square || Math.log(u) < square / 2 + d * (1 - v + Math.log(v)))
        return d * v
    }
  }

  const beta = (a: number, b: number): number => {
    const first = gamma(a)
    return first / (first + gamma(b))
  }

  return { uniform, chance, index, normal, gamma, beta }
}
