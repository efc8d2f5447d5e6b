/** Answers of the views, made up by hand: a log of 1,003 pipelines in which thompson does better. */
import type { Answers } from '../../shared/report/assemble.ts'
import type {
  ComparisonRow,
  EstimatorName,
  ValueRow,
  WithoutRow,
} from '../../shared/schema/evaluation-report.ts'

const ESTIMATORS: EstimatorName[] = [
  'naive_match',
  'ips',
  'clipped_ips',
  'snips',
  'dm',
  'dr',
  'sndr',
  'switch_dr',
]
const JOBS = 4012
const PIPELINES = 1003

/** By its doubly robust value; the others are a little beside it, the naive one far off. */
function valuesOf(target: string, decided: ValueRow['decided'], value: number, error: number): ValueRow[] {
  return (['estimated', 'uniform'] as const).flatMap((source) =>
    ESTIMATORS.map((estimator, index) => {
      const isLogged = decided === 'logged'
      const shifted =
        estimator === 'dr' || isLogged ? value : value + (estimator === 'naive_match' ? 0.21 : index * 0.002)
      return {
        reward_name: 'spec' as const,
        target,
        decided,
        source,
        estimator,
        jobs: JOBS,
        clusters: PIPELINES,
        value: shifted,
        standard_error: error,
        low: shifted - 1.96 * error,
        high: shifted + 1.96 * error,
        sequence_low: estimator === 'naive_match' ? null : shifted - 2.9 * error,
        sequence_high: estimator === 'naive_match' ? null : shifted + 2.9 * error,
      }
    }),
  )
}

function comparison(target: string, against: string, difference: number, error: number): ComparisonRow {
  const isFar = Math.abs(difference) > 3 * error
  return {
    reward_name: 'spec',
    target,
    against,
    source: 'estimated',
    estimator: 'dr',
    jobs: JOBS,
    clusters: PIPELINES,
    difference,
    standard_error: error,
    low: difference - 1.96 * error,
    high: difference + 1.96 * error,
    sequence_low: difference - 2.9 * error,
    sequence_high: difference + 2.9 * error,
    p_value: isFar ? 0.00001 : 0.31,
    p_holm: isFar ? 0.0002 : 1,
    is_different: isFar,
  }
}

const support = (target: string, infeasible = 0) => ({
  target,
  source: 'estimated' as const,
  jobs: JOBS,
  versions: 1,
  infeasible_share: infeasible,
  off_support_share: 0.012,
  left_share: 0.23,
  unmatched_share: 0.61,
  mean_weight: 0.994 - infeasible,
  mean_weight_se: 0.012,
  max_weight: 31.4,
  min_propensity: 0.021,
  effective_sample_size: 812,
  is_supported: true,
})

function without(row: Partial<WithoutRow> & { difference: number }): WithoutRow {
  const { difference } = row
  return {
    unit: row.job_id === undefined ? 'pipeline' : 'job',
    cluster_id: 'gitlab.example.com/101/9001',
    job_id: null,
    job_key: null,
    arm: null,
    weight: null,
    jobs: 1,
    low: difference - 0.038,
    high: difference + 0.038,
    sequence_low: difference - 0.056,
    sequence_high: difference + 0.056,
    ...row,
  }
}

export function madeAnswers(overrides: Partial<Answers> = {}): Answers {
  return {
    product_version: '0.1.0',
    made_at: '2026-11-21T20:00:00.000Z',
    question: {
      policy: 'thompson',
      reward: 'spec',
      propensities: 'estimated',
      is_primary: true,
      primary_policy: 'thompson',
      primary_reward: 'spec',
      from: null,
      to: null,
    },
    log: {
      decided_jobs: 4100,
      evaluated_jobs: JOBS,
      routed_jobs: 0,
      late_jobs: 0,
      pipelines: PIPELINES,
      effective_pipelines: 871.4,
      job_keys: 24,
      arms: 11,
      first_decided_at: '2026-10-01T00:03:00Z',
      last_decided_at: '2026-10-08T23:51:00Z',
      exclusions: [
        { reason: 'evaluated', jobs: JOBS, advice: '' },
        { reason: 'running', jobs: 8, advice: '' },
        {
          reason: 'tags_unknown',
          jobs: 80,
          advice: 'Set GITLAB_API_TOKEN, so that the tags of jobs are known.',
        },
      ],
      feasible_sizes: [
        { feasible_count: 1, jobs: 410 },
        { feasible_count: 2, jobs: 902 },
        { feasible_count: 4, jobs: 2100 },
        { feasible_count: 7, jobs: 600 },
      ],
    },
    checks: [
      {
        name: 'propensity_range',
        severity: 'error',
        status: 'passed',
        claim: 'Propensities are in (0, 1].',
        counted: 'propensities',
        checked: 4012,
        failed: 0,
        example: null,
        advice: '',
      },
      {
        name: 'freshness',
        severity: 'warning',
        status: 'empty',
        claim: 'The newest event was received within the last three days.',
        counted: 'newest events',
        checked: 0,
        failed: 0,
        example: null,
        advice: '',
      },
    ],
    propensities: [
      {
        source: 'estimated',
        jobs: JOBS,
        recorded_jobs: 0,
        chi_square: 31.2,
        degrees: 33,
        p_value: 0.55,
        mean_weight: 0.994,
        mean_weight_se: 0.011,
        worst_gap: 0.03,
        is_passed: true,
      },
      {
        source: 'uniform',
        jobs: JOBS,
        recorded_jobs: 0,
        chi_square: 911,
        degrees: 33,
        p_value: 1e-12,
        mean_weight: 1.21,
        mean_weight_se: 0.014,
        worst_gap: 0.41,
        is_passed: false,
      },
    ],
    calibration: [0.06, 0.15, 0.24, 0.36, 0.44, 0.53, 0.67, 0.74, 0.85, 0.97].map((predicted, bin) => ({
      source: 'estimated',
      bin,
      predicted,
      observed: predicted + (bin % 2 === 0 ? 0.012 : -0.015),
      candidates: 5200 - bin * 480,
    })),
    values: [
      ...valuesOf('logged', 'logged', 0.556, 0.012),
      ...valuesOf('thompson', 'shadow', 0.641, 0.023),
      ...valuesOf('greedy', 'shadow', 0.66, 0.021),
      ...valuesOf('ucb1', 'shadow', 0.561, 0.031),
      ...valuesOf('uniform', 'shadow', 0.549, 0.013),
      ...valuesOf('ucb1/known', 'shadow', 0.081, 0.019),
      ...valuesOf('model-greedy/rescored', 'rescored', 0.702, 0.024),
    ],
    comparisons: [
      comparison('thompson', 'logged', 0.085, 0.0199),
      comparison('greedy', 'logged', 0.104, 0.021),
      comparison('ucb1', 'logged', 0.005, 0.03),
      comparison('uniform', 'logged', -0.007, 0.009),
      comparison('ucb1/known', 'logged', -0.475, 0.022),
      comparison('model-greedy/rescored', 'logged', 0.146, 0.023),
      comparison('greedy', 'thompson', 0.019, 0.02),
      comparison('model-greedy/rescored', 'thompson', 0.061, 0.019),
      comparison('greedy', 'model-greedy/rescored', -0.042, 0.019),
    ],
    other_values: [
      ...valuesOf('thompson', 'shadow', 0.641, 0.02).map((row) => ({ ...row, reward_name: 'spec' as const })),
      ...valuesOf('logged', 'logged', 0.556, 0.02).map((row) => ({ ...row, reward_name: 'spec' as const })),
      ...valuesOf('thompson', 'shadow', 7.1, 0.3).map((row) => ({
        ...row,
        reward_name: 'time_to_result' as const,
      })),
      ...valuesOf('logged', 'logged', 8.4, 0.2).map((row) => ({
        ...row,
        reward_name: 'time_to_result' as const,
      })),
    ].filter(({ estimator, source }) => estimator === 'dr' && source === 'estimated'),
    other_comparisons: [
      { ...comparison('thompson', 'logged', 0.085, 0.0199), reward_name: 'spec' },
      { ...comparison('thompson', 'logged', -1.3, 0.31), reward_name: 'time_to_result' },
    ],
    curve: ['thompson', 'logged'].flatMap((target) =>
      Array.from({ length: 8 }, (_, index) => ({
        target,
        day: `2026-10-0${index + 1}`,
        jobs: 501,
        value_of_day: (target === 'logged' ? 0.556 : 0.6 + index * 0.01) + Math.sin(index) * 0.04,
        cumulative_jobs: 501 * (index + 1),
        cumulative_value: (target === 'logged' ? 0.556 : 0.641) + Math.sin(index) / (10 * (index + 1)),
        eb_low: (target === 'logged' ? 0.55 : 0.62) - 0.4 / (index + 1),
        eb_high: (target === 'logged' ? 0.56 : 0.66) + 0.5 / (index + 1),
      })),
    ),
    support: [support('thompson'), support('greedy'), support('ucb1'), support('ucb1/known', 0.89)],
    weights: [
      { above: null, up_to: 0, jobs: 1200 },
      { above: 0, up_to: 0.5, jobs: 900 },
      { above: 0.5, up_to: 1, jobs: 620 },
      { above: 1, up_to: 2, jobs: 700 },
      { above: 2, up_to: 5, jobs: 480 },
      { above: 5, up_to: 10, jobs: 90 },
      { above: 10, up_to: null, jobs: 22 },
    ],
    influence: {
      without: [
        without({ job_id: 4711, job_key: '101:build', arm: 'mac-2', weight: 31.4, difference: 0.079 }),
        without({ job_id: 4712, job_key: '101:build', arm: 'linux | 1', weight: 12, difference: 0.087 }),
        without({ jobs: 9, difference: 0.078 }),
        without({ jobs: 4, difference: 0.088 }),
      ],
      pipelines: PIPELINES,
      fewest_pipelines: 12,
      asked_pipelines: 20,
    },
    job_keys: [
      { job_key: '101:build', jobs: 900, clusters: 890, logged: 0.4, difference: 0.2, low: 0.11, high: 0.29 },
      {
        job_key: '102:unit tests <all>',
        jobs: 300,
        clusters: 290,
        logged: 0.9,
        difference: -0.1,
        low: -0.3,
        high: 0.1,
      },
    ],
    arms: [
      {
        arm: 'mac-2',
        jobs: 900,
        raw_mean: 0.31,
        adjusted_difference: 0.12,
        adjusted_se: 0.02,
        shared_jobs: 700,
        adjusted_mean: 0.676,
        shared_job_keys: 20,
        covered_share: 0.93,
      },
      {
        arm: 'linux | 1',
        jobs: 700,
        raw_mean: 0.8,
        adjusted_difference: -0.1,
        adjusted_se: 0.03,
        shared_jobs: 650,
        adjusted_mean: 0.456,
        shared_job_keys: 3,
        covered_share: 0.31,
      },
    ],
    drift: [
      {
        arm: 'mac-2',
        week: '2026-10-01',
        jobs: 300,
        log_speed_difference: -0.02,
        log_speed_z: -0.8,
        success_rate_difference: 0.01,
        success_rate_z: 0.4,
        is_drift: false,
      },
    ],
    truth: [
      { target: 'logged', jobs: JOBS, true_value: 0.551, true_difference: 0 },
      { target: 'thompson', jobs: JOBS, true_value: 0.63, true_difference: 0.079 },
      { target: 'greedy', jobs: JOBS, true_value: 0.671, true_difference: 0.12 },
      { target: 'ucb1', jobs: JOBS, true_value: 0.57, true_difference: 0.019 },
      { target: 'uniform', jobs: JOBS, true_value: 0.55, true_difference: -0.001 },
      { target: 'ucb1/known', jobs: JOBS, true_value: 0.06, true_difference: -0.491 },
      { target: 'model-greedy/rescored', jobs: JOBS, true_value: 0.69, true_difference: 0.139 },
    ],
    limits: {
      alpha: 0.05,
      most_off_support: 0.1,
      most_left: 0.5,
      fewest_effective: 100,
      clip_weight: 10,
      switch_weight: 10,
      folds: 5,
    },
    reproduction: {
      state_generation: '412',
      decided_from_generation: '409',
      queries: [
        {
          name: 'values',
          sha256: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
          rows: 56,
        },
      ],
      seed: null,
    },
    ...overrides,
  }
}
