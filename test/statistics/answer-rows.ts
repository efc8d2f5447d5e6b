/** The independent computation's answers as rows of the views that give the same: their keys, and their figures. */
import { type Answer, type Compared, isDifferent } from './independent/answers.ts'
import type { CurveDay } from './independent/curve.ts'
import type { Figures } from './nearly.ts'

export const VALUE_KEY = ['target', 'reward_name', 'source', 'period', 'estimator'] as const
export const PAIR_KEY = [...VALUE_KEY, 'against'] as const
export const DAY_KEY = ['target', 'reward_name', 'source', 'day'] as const

export const valueNames = ({ target, rewardName, source, period, estimator }: Answer) => ({
  target,
  reward_name: rewardName,
  source,
  period,
  estimator,
})

export const valueFigures = ({ estimator, interval, ...answer }: Answer): Figures => ({
  decided: answer.decided,
  jobs: answer.jobs,
  clusters: answer.clusters,
  value: answer.value,
  standard_error: answer.standardError,
  low: interval?.low ?? null,
  high: interval?.high ?? null,
  // It is biased: no sequence makes it right.
  sequence_low: estimator === 'naive_match' ? null : (interval?.sequenceLow ?? null),
  sequence_high: estimator === 'naive_match' ? null : (interval?.sequenceHigh ?? null),
  mean_weight: answer.meanWeight,
  max_weight: answer.maxWeight,
  effective_sample_size: answer.effectiveSampleSize,
  feasible_share: answer.feasibleShare,
})

export const pairNames = ({ target, against, rewardName, source, period, estimator }: Compared) => ({
  target,
  against,
  reward_name: rewardName,
  source,
  period,
  estimator,
})

export const pairFigures = ({ interval, ...pair }: Compared): Figures => ({
  jobs: pair.jobs,
  clusters: pair.clusters,
  difference: pair.difference,
  standard_error: pair.standardError,
  low: interval?.low ?? null,
  high: interval?.high ?? null,
  sequence_low: interval?.sequenceLow ?? null,
  sequence_high: interval?.sequenceHigh ?? null,
  p_value: pair.pValue,
  p_holm: pair.pHolm,
  is_different: isDifferent(pair.pHolm),
})

export const dayNames = ({ target, rewardName, source, day }: CurveDay) => ({
  target,
  reward_name: rewardName,
  source,
  day,
})

export const dayFigures = ({ jobs, valueOfDay, jobsSoFar, valueSoFar, low, high }: CurveDay): Figures => ({
  jobs,
  value_of_day: valueOfDay,
  cumulative_jobs: jobsSoFar,
  cumulative_value: valueSoFar,
  eb_low: low,
  eb_high: high,
})
