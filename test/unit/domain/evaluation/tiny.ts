/** Eight jobs of four pipelines, of which every estimate is a fraction that can be computed by hand. */
import type { Term } from '../../../../shared/domain/evaluation/estimate.ts'
import { EVALUATION, type Limits } from '../../../../shared/domain/evaluation/settings.ts'

type Row = [
  pipeline: number,
  actual: string,
  target: string,
  isFeasible: boolean,
  propensity: number,
  reward: number,
]

const ROWS: Row[] = [
  [1, 'a', 'a', true, 1 / 2, 1],
  [1, 'b', 'a', true, 1 / 2, 0],
  [2, 'c', 'c', true, 1 / 4, 1 / 2],
  [2, 'd', 'c', true, 1 / 4, 1],
  [3, 'e', 'e', true, 1, 1 / 4],
  [3, 'a', 'b', true, 1 / 4, 3 / 4],
  [4, 'b', 'b', true, 1 / 4, 1],
  [4, 'a', 'z', false, 1 / 2, 1],
]

/** A reward of 1/2 is expected of every arm. */
export const TINY: Term[] = ROWS.map(([pipeline, actual, target, isFeasible, propensity, reward]) => ({
  cluster: `pipeline ${pipeline}`,
  weight: actual === target ? 1 / propensity : 0,
  reward,
  feasible: isFeasible ? 1 : 0,
  modelPolicy: isFeasible ? 1 / 2 : 0,
  modelAction: 1 / 2,
}))

/** The same jobs as they were. */
export const TINY_LOGGED: Term[] = TINY.map((term) => ({
  ...term,
  weight: 1,
  feasible: 1,
  modelPolicy: 1 / 2,
}))

export const TINY_LIMITS: Limits = { ...EVALUATION, clipWeight: 2, switchWeight: 2 }
