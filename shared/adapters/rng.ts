import { randomInt, randomUUID } from 'node:crypto'
import { seededDraws } from '../domain/rng.ts'
import type { Rng } from '../ports.ts'

const RESOLUTION = 2 ** 48 - 1

/** Chance from the operating system. */
export const systemRng: Rng = { next: () => randomInt(RESOLUTION) / RESOLUTION, id: randomUUID }

/** The same draws and ids for the same seed. */
export function seededRng(seed: string): Rng {
  const draw = seededDraws(seed)
  let ids = 0
  return {
    next: draw,
    id() {
      ids += 1
      return `${seed}-${ids}`
    },
  }
}
