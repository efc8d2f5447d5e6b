/**
 * What `runner-bandit evaluate --json` prints: everything that the report shows, and nothing that it does not.
 * Instants are ISO 8601 in UTC; null: not known, or not defined for so few jobs. Rows are those of the views of the same
 * name (sql/ci_metrics/*.yaml describe each column), cut down to the question that was asked.
 */
import type { RewardName } from '../domain/evaluation/reward-definitions.ts'
import type {
  ArmRow,
  CalibrationRow,
  CheckRow,
  ComparisonRow,
  CurveRow,
  DriftRow,
  InfluenceAnswer,
  JobKeyRow,
  Limits,
  PowerAnswer,
  PropensityCheckRow,
  PropensitySource,
  RegretRow,
  RewardRow,
  SupportRow,
  TruthRow,
  ValueRow,
} from './evaluation-rows.ts'

export type * from './evaluation-rows.ts'

export type EvaluationReport = {
  /** Raised when a key changes its meaning or goes; new keys do not raise it. */
  form: 1
  product_version: string
  made_at: string
  question: {
    /** A target of the view policy_choices: a policy, `<policy>/known` or a re-scored one. */
    policy: string
    reward: RewardName
    propensities: PropensitySource
    /** Whether policy and reward are those that are set now, and the window is the whole log: one question, asked of one. */
    is_primary: boolean
    primary_policy: string
    primary_reward: string
    /** The window, of the instants of the decisions: [from, to). Null: without bound. */
    from: string | null
    to: string | null
  }
  verdict: {
    kind: 'pays' | 'does_not_pay' | 'undecided' | 'no_verdict'
    /** What leaves zero out: the sequence, however often one looks, or this look alone. Null: nothing is decided. */
    decided_by: 'sequence' | 'one_look' | null
    /** Not the question of the settings: one of several, or of a rule that was learned from the same log. */
    is_exploratory: boolean
    /** Without one job, or pipeline, less would leave zero out. */
    hangs_on: 'job' | 'pipeline' | null
    sentence: string
    reasons: string[]
    advice: string[]
    assumptions: string[]
    more_jobs: number | null
  }
  log: {
    /** Jobs that were decided on in the window. */
    decided_jobs: number
    evaluated_jobs: number
    routed_jobs: number
    /** Evaluated ones whose picks were made when they had ended. */
    late_jobs: number
    pipelines: number
    /** (Σ n)²/Σ n² of the jobs n of each pipeline that have the reward and a propensity of the source; null without any. */
    effective_pipelines: number | null
    job_keys: number
    arms: number
    first_decided_at: string | null
    last_decided_at: string | null
    /** Jobs left out, by reason. */
    exclusions: { reason: string; jobs: number; advice: string }[]
    feasible_sizes: { feasible_count: number; jobs: number }[]
  }
  checks: CheckRow[]
  propensities: PropensityCheckRow[]
  calibration: CalibrationRow[]
  /** Sources whose test fails: their numbers stand nowhere in this report. */
  withheld: { source: string; reason: string }[]
  values: ValueRow[]
  comparisons: ComparisonRow[]
  /** The policy against what was done, by each reward definition; doubly robust, no verdict among them. */
  other_rewards: RewardRow[]
  regret: RegretRow[]
  curve: CurveRow[]
  support: SupportRow[]
  /** How many jobs have a weight in (above, up_to]; the first is of weight 0. */
  weights: { above: number | null; up_to: number | null; jobs: number }[]
  /** Null without a difference. */
  influence: InfluenceAnswer | null
  job_keys: JobKeyRow[]
  arms: ArmRow[]
  drift: DriftRow[]
  /** Of played worlds only: what each target would truly have earned. */
  truth: TruthRow[]
  power: PowerAnswer | null
  limits: Limits
  reproduction: {
    state_generation: string
    /** The newest state that a shadow decision of the window was made from. */
    decided_from_generation: string | null
    /** SHA-256 of each statement that was run, by what it answers. */
    queries: { name: string; sha256: string; rows: number }[]
    /** Nothing here is drawn by chance. */
    seed: null
  }
}
