/** Rows of an EvaluationReport: columns of the views of evaluation, as sql/ci_metrics/*.yaml describes them. */
import type { RewardName } from '../domain/evaluation/reward-definitions.ts'

export type PropensitySource = 'recorded' | 'estimated' | 'uniform'

/** A finding of `runner-bandit check`; checks are of the whole log, not of the window. */
export type CheckRow = {
  name: string
  severity: 'error' | 'warning'
  status: 'passed' | 'failed' | 'empty'
  /** What holds when it passes. */
  claim: string
  /** What `checked` counts. */
  counted: string
  checked: number
  failed: number
  /** An id of one that failed. */
  example: string | null
  advice: string
}

export type PropensityCheckRow = {
  source: PropensitySource
  jobs: number
  recorded_jobs: number
  chi_square: number | null
  degrees: number | null
  p_value: number | null
  mean_weight: number | null
  mean_weight_se: number | null
  worst_gap: number | null
  is_passed: boolean
}

export type CalibrationRow = {
  source: string
  bin: number
  predicted: number
  observed: number
  candidates: number
}

export type EstimatorName =
  | 'naive_match'
  | 'ips'
  | 'clipped_ips'
  | 'snips'
  | 'dm'
  | 'dr'
  | 'sndr'
  | 'switch_dr'

export type ValueRow = {
  reward_name: RewardName
  target: string
  decided: 'shadow' | 'logged' | 'rescored'
  source: PropensitySource
  estimator: EstimatorName
  jobs: number
  clusters: number
  value: number | null
  standard_error: number | null
  low: number | null
  high: number | null
  sequence_low: number | null
  sequence_high: number | null
}

export type ComparisonRow = {
  reward_name: RewardName
  target: string
  against: string
  source: PropensitySource
  estimator: 'dr' | 'ips'
  jobs: number
  clusters: number
  difference: number | null
  standard_error: number | null
  low: number | null
  high: number | null
  sequence_low: number | null
  sequence_high: number | null
  p_value: number | null
  p_holm: number | null
  is_different: boolean | null
}

export type RewardRow = {
  reward_name: RewardName
  jobs: number
  clusters: number
  value: number | null
  logged: number | null
  difference: number | null
  low: number | null
  high: number | null
  p_value: number | null
}

export type RegretRow = {
  target: string
  decided: string
  value: number
  /** The best target's value minus its own, in higher-is-better terms; 0 for the best. */
  regret: number
  low: number | null
  high: number | null
  true_regret: number | null
}

export type CurveRow = {
  target: string
  day: string
  jobs: number
  value_of_day: number | null
  cumulative_jobs: number
  cumulative_value: number | null
  /** Of recorded propensities alone: the sequence takes the weights for exact. */
  eb_low: number | null
  eb_high: number | null
}

export type SupportRow = {
  target: string
  source: PropensitySource
  jobs: number
  versions: number
  infeasible_share: number
  off_support_share: number
  /** Of its picks: those that had no room at that moment, and are left to GitLab. */
  left_share: number
  unmatched_share: number
  mean_weight: number
  mean_weight_se: number | null
  max_weight: number
  min_propensity: number
  /** Of the picks that are not left to GitLab. */
  effective_sample_size: number | null
  is_supported: boolean
}

/** The difference from what was done, without one job or pipeline. */
export type WithoutRow = {
  unit: 'job' | 'pipeline'
  /** Of the pipeline that is left out, or whose job is: instance, project and id. */
  cluster_id: string
  /** Of the job, else null. */
  job_id: number | null
  job_key: string | null
  arm: string | null
  weight: number | null
  /** Of the pipeline: 1 of a job. */
  jobs: number
  difference: number
  low: number
  high: number
  sequence_low: number
  sequence_high: number
}

export type InfluenceAnswer = {
  /** The job and the pipeline that move the difference the most, each to either side; the largest move of each first. */
  without: WithoutRow[]
  pipelines: number
  /** So few pipelines would have to go for the interval to contain zero; null where it takes more than were asked for. */
  fewest_pipelines: number | null
  /** How many were asked for, of each side. */
  asked_pipelines: number
}

export type JobKeyRow = {
  job_key: string
  jobs: number
  clusters: number
  logged: number
  difference: number
  low: number
  high: number
}

export type ArmRow = {
  arm: string
  jobs: number
  raw_mean: number | null
  adjusted_difference: number | null
  adjusted_se: number | null
  shared_jobs: number
  adjusted_mean: number | null
  /** Job keys that another arm ran, too, and the share of all jobs that are of these; of the rest the adjusted mean is inferred. */
  shared_job_keys: number
  covered_share: number
}

/** Log speed (ln baseline − ln duration) and success rate of an arm in a week, and against the weeks before. */
export type DriftRow = {
  arm: string
  week: string
  jobs: number
  log_speed_difference: number | null
  log_speed_z: number | null
  success_rate_difference: number | null
  success_rate_z: number | null
  is_drift: boolean
}

export type TruthRow = {
  target: string
  jobs: number
  true_value: number
  true_difference: number | null
}

export type PowerAnswer = {
  power: number
  alpha: number
  /** The smallest difference that a log like this one finds with that power. */
  smallest_difference: number
  /** Jobs more until the difference that was seen is decided; null when none is needed, or none suffices. */
  more_jobs: number | null
}

export type Limits = {
  alpha: number
  most_off_support: number
  most_left: number
  fewest_effective: number
  fewest_clusters: number
  clip_weight: number
  switch_weight: number
  folds: number
}
