/**
 * The constants of evaluation: those of the view `evaluation_settings`, where each has its reason. A test holds the two
 * against each other.
 */
export const EVALUATION = {
  /** Quantile of the normal distribution at 1 − alpha/2. */
  z: 1.959963984540054,
  alpha: 0.05,
  /** Weights above it count as much as it, in `clipped_ips`. */
  clipWeight: 10,
  /** Above this weight, `switch_dr` trusts the model of the reward alone. */
  switchWeight: 10,
  /** Parts that the jobs are divided into by pipeline; what is predicted of one is learned from the others. */
  folds: 5,
  /** Jobs that the mean of all counts as, in the mean of a job key. */
  keyWeight: 5,
  /** Jobs that the mean of a job key counts as, in that of a cell. */
  cellWeight: 3,
  /** κ: jobs that each coarser share counts as for each arm, in the finer one of the propensity model. */
  propensityWeight: 2,
  /** Share of the estimated propensity that is the same for every arm with room. */
  propensityUniformShare: 0.05,
  /** Jobs that the mean of all counts as, in the usual duration of a job key. */
  baselineWeight: 5,
  /** Clusters at which the asymptotic sequence is narrowest. */
  sequenceClusters: 1000,
  /** (−W₋₁(−alpha²/e) − 1) / sequenceClusters, W₋₁ the lower branch of Lambert's W. */
  sequenceRho2: 0.008211968062068253,
  primaryReward: 'spec',
  /** How far what was chosen may be from what was predicted, in a tenth of probability. */
  mostGap: 0.15,
  /** How far a mean weight may be from what it has to be: the mean of 1/p̂ is above that of 1/p by the errors of p̂ alone. */
  mostWeightGap: 0.15,
  /** A policy with more of its probability where GitLab never goes is not supported by the log. */
  mostOffSupport: 0.1,
  /** With more of its probability on runners without room, an answer would be about GitLab rather than about the policy. */
  mostLeft: 0.5,
  /** With fewer effective jobs a policy is not supported by the log. */
  fewestEffective: 100,
} as const

/** What an estimate takes from the settings. */
export type Limits = { [Name in keyof Pick<typeof EVALUATION, LimitName>]: number } & {
  /** What standard errors are multiplied by; 1 when left out. */
  errorFactor?: number
}
type LimitName = 'z' | 'alpha' | 'clipWeight' | 'switchWeight' | 'sequenceRho2'

/**
 * √(2 − 1/folds). CR1 takes folds for independent, but what was picked in each of them was learned from the others. Means
 * of K folds that correlate by 1/K vary 1 + (K − 1)/K times as much. Source: Nadeau & Bengio (2003).
 */
const RESCORED_ERROR_FACTOR = Math.sqrt(2 - 1 / EVALUATION.folds)

/** @param targets that of a value, both of a difference. */
export const limitsOf = (...targets: readonly string[]): Limits =>
  targets.some((target) => target.endsWith('/rescored'))
    ? { ...EVALUATION, errorFactor: RESCORED_ERROR_FACTOR }
    : EVALUATION
