/** Results of `validate-estimators` as text for a terminal. */
import {
  type CheckRow,
  type EstimatorRow,
  type Measured,
  type MeasuredName,
  type Source,
  type TargetRow,
  VALIDATED_LOGGERS,
  type Validation,
} from '../../shared/simulator/validation/index.ts'
import { grouped, rows } from './say.ts'
import type { ThroughViews } from './validate-through-views.ts'

export type Validated = Validation & {
  seeds: number
  firstSeed: number
  jobs: number
  throughViews: ThroughViews | null
}

/** What the table shows; --json has every estimator by every source. */
const SHOWN: readonly [MeasuredName, Source][] = [
  ['naive_match', 'true'],
  ['plain_snips', 'true'],
  ['snips', 'true'],
  ['ips', 'true'],
  ['ips', 'estimated'],
  ['ips', 'assumed'],
  ['clipped_ips', 'true'],
  ['dm', 'true'],
  ['dr', 'true'],
  ['dr', 'estimated'],
  ['dr', 'assumed'],
  ['sndr', 'true'],
  ['sndr', 'estimated'],
  ['switch_dr', 'true'],
]
/** These take no propensity. */
const WITHOUT_PROPENSITY: readonly MeasuredName[] = ['naive_match', 'dm']
const SOURCE_WORDS: Readonly<Record<Source, string>> = {
  true: 'true',
  estimated: 'estimated',
  assumed: '1/k',
}

export function validated({ seeds, firstSeed, jobs, throughViews, ...tables }: Validated): string {
  return [
    `${grouped(seeds)} logs of ${grouped(jobs)} jobs of each logger, seeds ${firstSeed} to ${firstSeed + seeds - 1}. Rewards are spec, in [0, 10].`,
    ...VALIDATED_LOGGERS.flatMap((logger) => {
      const of = <T extends { logger: string }>(all: readonly T[]) =>
        all.filter((row) => row.logger === logger)
      const targets = of(tables.targets)
      return [
        heading(`Logger ${logger}: estimates of a value, and how often its 95 % interval holds the truth`),
        rows(estimatorRows(of(tables.estimators))),
        heading(`Logger ${logger}: DR of the target minus what was done, paired`),
        rows(targets.filter(({ target }) => target !== 'logged').map(pairedRow)),
        heading(`Logger ${logger}: looking again and again; shares of logs in which DR's truth was held`),
        rows(targets.filter(({ looks }) => looks !== null).map(looksRow)),
        heading(`Logger ${logger}: tests of propensities`),
        rows(of(tables.checks).map(checkRow)),
      ]
    }),
    '',
    ...EXPLANATION,
    ...(throughViews === null ? [] : ['', viewsSentence(throughViews)]),
  ].join('\n')
}

const EXPLANATION = [
  '± is one Monte Carlo standard error. The truth is that of the very log: the mean over its jobs of what the target was to be',
  'expected to earn, a pick without room being left to the logger. plain_snips is no estimator of the product: it forgets that',
  'infeasible picks earn nothing. power: intervals that exclude 0 on the right side. looks: each at 1.3 times as many jobs as the',
  'one before, from where evaluate gives answers (100 effective jobs); early ones too: from 30 pipelines on. The Bernstein',
  'sequence is that of w·r, looked at after every job.',
]

const heading = (text: string) => `\n${text}\n`

function estimatorRows(all: readonly EstimatorRow[]): Record<string, unknown>[] {
  return [...new Set(all.map(({ target }) => target))].flatMap((target) =>
    SHOWN.filter(([estimator]) => target !== 'logged' || estimator === 'dr' || estimator === 'dm').flatMap(
      ([estimator, source]) =>
        all
          .filter((row) => row.target === target && row.estimator === estimator && row.source === source)
          .map((row) => ({
            target,
            estimator,
            propensities: WITHOUT_PROPENSITY.includes(estimator) ? '' : SOURCE_WORDS[source],
            bias: figure(row.bias),
            RMSE: row.rmse.toFixed(4),
            'mean SE': row.meanStandardError.toFixed(4),
            'coverage %': share(row.coverage),
          })),
    ),
  )
}

function pairedRow({ target, source, truth, paired, weights }: TargetRow): Record<string, unknown> {
  return {
    target,
    propensities: SOURCE_WORDS[source],
    truth: truth.mean.toFixed(4),
    difference: paired.difference.mean.toFixed(4),
    bias: figure(paired.bias),
    'mean SE': paired.meanStandardError.toFixed(4),
    'coverage %': share(paired.coverage),
    'power %': share(paired.power),
    'mean w': weights.meanWeight.toFixed(3),
    'max w': weights.maxWeight.toFixed(1),
    ESS: weights.effectiveSampleSize.toFixed(0),
    'feasible %': (100 * weights.feasibleShare).toFixed(1),
  }
}

function looksRow({ target, source, looks }: TargetRow): Record<string, unknown> {
  const { answered, t, asymptotic, asymptoticEarly, bernstein } = looks as NonNullable<TargetRow['looks']>
  return {
    target,
    propensities: SOURCE_WORDS[source],
    looks: answered.mean.toFixed(1),
    't always %': share(t.always),
    'asymptotic always %': share(asymptotic.always),
    'early ones too %': share(asymptoticEarly.always),
    'asymptotic at end %': share(asymptotic.atEnd),
    'Bernstein always %': share(bernstein.always),
  }
}

function checkRow({ source, passed, meanWeight, worstGap }: CheckRow): Record<string, unknown> {
  return {
    propensities: SOURCE_WORDS[source],
    'passed %': share(passed),
    'mean weight of uniform': figure(meanWeight),
    'worst gap': source === 'assumed' ? '' : figure(worstGap),
  }
}

function viewsSentence({ logs, compared, largestDifference }: ThroughViews): string {
  return `Through events, shadow decisions and views: ${grouped(compared)} figures of ${logs === 1 ? 'one log' : `${logs} logs`}, the largest relative difference is ${largestDifference.toExponential(1)}.`
}

const figure = ({ mean, error }: Measured) => `${mean.toFixed(4)} ± ${error.toFixed(4)}`
const share = ({ mean, error }: Measured) => `${(100 * mean).toFixed(1)} ± ${(100 * error).toFixed(1)}`
