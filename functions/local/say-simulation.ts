/** Results of `simulate` as text for a terminal. */
import type { Figures, Interval, LoggerSummary, World } from '../../shared/simulator/index.ts'
import { grouped, rows } from './say.ts'
import type { WrittenSimulation } from './write-simulation.ts'

/** What each figure is called, how many of its units one is, and how many digits are of interest. */
const COLUMNS: readonly [name: keyof Figures, title: string, factor: number, digits: number][] = [
  ['reward', 'reward', 1, 4],
  ['regret', 'regret', 1, 4],
  ['gapClosed', 'gap closed %', 100, 1],
  ['queueSeconds', 'queue s', 1, 1],
  ['queueP95Seconds', 'queue p95 s', 1, 0],
  ['resultMinutes', 'to result min', 1, 2],
  ['costEur', 'EUR/1000 jobs', 1, 2],
  ['successShare', 'success %', 100, 2],
  ['busiestShare', 'busiest arm %', 100, 1],
]

export type Comparison = {
  seeds: number
  firstSeed: number
  jobs: number
  against: string
  world: World
  loggers: readonly LoggerSummary[]
}

export function compared({ seeds, firstSeed, jobs, against, world, loggers }: Comparison): string {
  const [head] = loggers
  const others = loggers.filter(({ difference }) => difference !== null)
  const last = firstSeed + seeds - 1
  return [
    `${grouped(jobs)} jobs on ${world.arms.length} runners, ${seeds === 1 ? `seed ${firstSeed}` : `seeds ${firstSeed} to ${last}`}; each line is in control of the same jobs:`,
    '',
    rows(loggers.map(({ logger, figures }) => line(logger, figures))),
    ...(others.length === 0 || head === undefined
      ? []
      : [
          '',
          `Minus ${against}, seed by seed:`,
          '',
          rows(others.map(({ logger, difference }) => line(logger, difference as LoggerSummary['figures']))),
        ]),
    '',
    ...EXPLANATION,
  ].join('\n')
}

const EXPLANATION = [
  'What no off-policy estimate can say: here a policy that routes every job changes the load, so the queues, and what it',
  'learns from; an estimate from logged jobs holds all of that as it was.',
  'reward: mean of 1/(minutes + cost penalty + 0.1), 0 without success. regret: expected reward lost beside the best arm;',
  'gap closed: 0 % as by drawing uniformly, 100 % as by always taking the best arm, waiting left out of both. to result:',
  'waiting and running. busiest arm: of its slots over the whole time. ± is half of the 95 % interval over seeds (t).',
]

function line(logger: string, figures: LoggerSummary['figures']): Record<string, string> {
  return {
    policy: logger,
    ...Object.fromEntries(
      COLUMNS.map(([name, title, factor, digits]) => [title, cell(figures[name], factor, digits)]),
    ),
  }
}

function cell({ mean, high }: Interval, factor: number, digits: number): string {
  const shown = (value: number) => (value * factor).toFixed(digits)
  return high === null ? shown(mean) : `${shown(mean)} ± ${shown(high - mean)}`
}

export function written(
  folder: string,
  { events, jobs, potentialOutcomes, fleetFile }: WrittenSimulation,
): string {
  return [
    `${grouped(jobs)} jobs as ${grouped(events)} events, and ${grouped(potentialOutcomes)} potential outcomes, are in ${folder}. Next:`,
    '',
    `  npx runner-bandit evaluate --data ${folder}`,
    '',
    `The fleet that they ran on is ${fleetFile}; to go on with it (serve, recommend) set RUNNER_BANDIT_FLEET to it.`,
  ].join('\n')
}
