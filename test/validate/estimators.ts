/** The estimators on simulated logs: how often their intervals hold the truth. `runner-bandit validate-estimators` has all of it. */
import { defaultWorld } from '../../shared/simulator/index.ts'
import { type Validation, validateEstimators } from '../../shared/simulator/validation/index.ts'
import { type Finding, shown } from './finding.ts'

const JOBS = 4000
/** As decided in shadow; what is re-scored afterwards is shown. */
const FROZEN = ['ucb1/known', 'ucb1', 'greedy', 'contextual']
const LEAST = { true: 0.93, estimated: 0.9 } as const
const LEAST_OF_SEQUENCE = 0.95
/** What misses pure MAB misses it in most logs. */
const MOST_OF_WRONG = 0.5

export function estimators(runs: number): Finding[] {
  const {
    estimators: rows,
    targets,
    checks,
  } = validateEstimators(defaultWorld(), {
    seeds: runs,
    firstSeed: 1,
    jobs: JOBS,
  })
  return [...coverages(rows), ...wrongOnes(rows), ...sequences(targets), ...passes(checks)]
}

function coverages(rows: Validation['estimators']): Finding[] {
  return rows
    .filter(({ estimator, target }) => estimator === 'dr' && target !== 'logged')
    .flatMap(({ logger, target, source, coverage }) => {
      const what = `coverage on ${logger}: dr of ${target}, p ${source}`
      if (source === 'assumed' || !FROZEN.includes(target)) return [shown(what, coverage)]
      return [held(what, coverage.mean >= LEAST[source], LEAST[source], coverage)]
    })
}

function wrongOnes(rows: Validation['estimators']): Finding[] {
  return rows
    .filter(
      ({ estimator, target, source }) =>
        target === 'ucb1/known' && source === 'true' && ['naive_match', 'plain_snips'].includes(estimator),
    )
    .map(({ logger, estimator, coverage }) =>
      held(
        `coverage on ${logger}: ${estimator} of pure MAB, below`,
        coverage.mean < MOST_OF_WRONG,
        MOST_OF_WRONG,
        coverage,
      ),
    )
}

function sequences(rows: Validation['targets']): Finding[] {
  return rows.flatMap(({ logger, target, source, looks }) => {
    if (looks === null) return []
    return (['asymptotic', 'bernstein'] as const).map((name) => {
      const { always } = looks[name]
      const what = `all looks on ${logger}: ${name} of ${target}, p ${source}`
      if (!FROZEN.includes(target)) return shown(what, always)
      return held(what, always.mean >= LEAST_OF_SEQUENCE, LEAST_OF_SEQUENCE, always)
    })
  })
}

function passes(rows: Validation['checks']): Finding[] {
  return rows.map(({ logger, source, passed }) =>
    shown(`share of logs on ${logger} whose ${source} p pass their test`, passed),
  )
}

/** The share itself is held against the limit: these logs are all there are. */
function held(what: string, isHeld: boolean, limit: number, found: Finding['found']): Finding {
  const apart = (found.mean - limit) / found.error
  return { what, expected: { mean: limit, error: 0 }, found, apart, verdict: isHeld ? 'ok' : 'FAILED' }
}
