/** What a verdict weighs, and what stands against one. */
import type { Difference } from './jackknife.ts'
import type { RewardName } from './reward-definitions.ts'

export type Evidence = {
  question: {
    /** A target of `policy_choices`. */
    policy: string
    reward: RewardName
    source: 'recorded' | 'estimated' | 'uniform'
    /** Whether policy and reward are those that are set now, and the window is the whole log. */
    isPrimary: boolean
  }
  log: {
    /** Jobs that were decided on in the window. */
    decided: number
    /** Of these: that an estimate may use. */
    evaluated: number
    /** Why the others may not be used. */
    leftOut: readonly { reason: string; jobs: number; advice: string }[]
    /** Pipelines of the evaluated ones. */
    clusters: number
    /**
     * How many pipelines of one size would tell as much, (Σ n)²/Σ n² of the n jobs of each: of the jobs that have the reward
     * and a propensity of the source. Null without such jobs.
     */
    effectiveClusters: number | null
    /** Evaluated ones whose picks were made when they had ended: their start was not told. */
    late: number
    /** From the first decision to the last; null without jobs. */
    spanDays: number | null
  }
  /** Targets of which the log holds what they would do, `logged` aside. Empty: of none it is known. */
  targets: readonly string[]
  /** Data checks of severity error that fail, a sentence each. */
  failedChecks: readonly { name: string; sentence: string }[]
  /** Of the source that is used; null when there is nothing to test. */
  propensity: { isPassed: boolean; reason: string } | null
  /** Of the policy under that source. */
  support: {
    /** Jobs that it is of: those with the reward of the settings. */
    jobs: number
    offSupportShare: number
    /** Of the picks that are not left to GitLab. */
    effectiveSampleSize: number
    infeasibleShare: number
    /** Of picks that had no room at that moment: they are left to GitLab. */
    leftShare: number
    /** Has to be 1 − infeasibleShare. */
    meanWeight: number
    meanWeightError: number | null
  } | null
  /** The policy minus what was done, doubly robust; null when it cannot be computed. */
  answer: {
    /** Jobs and pipelines that both are known of. */
    jobs: number
    clusters: number
    value: number
    difference: number
    low: number
    high: number
    /** Anytime-valid; null where there are too few pipelines. */
    sequenceLow: number | null
    sequenceHigh: number | null
    /** Over the family of comparisons of this reward. */
    pHolm: number | null
  } | null
  /** What the difference would be without each of the jobs and pipelines that move it the most. */
  without: readonly (Difference & { unit: 'job' | 'pipeline'; name: string })[]
  /** By the power calculation; null when none could be made. */
  moreJobs: number | null
  /** What the log could find with a power of 80 %; null when not known. */
  smallestDifference: number | null
}

export type VerdictLimits = {
  /** Largest share of a policy's feasible picks that GitLab never made in the same situation. */
  mostOffSupport: number
  /** Largest share of a policy's picks without room. */
  mostLeft: number
  fewestEffective: number
  fewestClusters: number
}

/** A sentence each; `moreJobs`: about how many more would do, null where that is not known. */
export type Refusal = { reason: string; advice?: string[]; moreJobs?: number | null }
