/** What if the bandit had been in control? */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { decimalsFor, fixed, grouped, percent } from '../../shared/domain/evaluation/figures.ts'
import { policyNames } from '../../shared/domain/policies/index.ts'
import type { PolicyReplay } from '../replay-policy.ts'
import { operate } from './operate.ts'

type Options = {
  policy?: string
  from?: string
  to?: string
  propensities: string
  seeds: number
  smallestPropensity?: number
}

const MOST_SEEDS = 1000
/** With fewer kept jobs the value is noise. */
const FEWEST_KEPT = 100

export function addReplayPolicy(program: Command): void {
  program
    .command('replay-policy')
    .description(
      'Say what a policy would have earned, had it been in control and learned from its own choices (rejection replay).',
    )
    .addOption(new Option('--policy <name>', 'policy to replay (env BANDIT_ALGORITHM)').choices(policyNames))
    .addOption(
      new Option('--propensities <source>', "where the probabilities of GitLab's choices are from")
        .choices(['recorded', 'estimated', 'uniform'])
        .default('estimated'),
    )
    .option('--from <moment>', 'decisions from then on: a day as 2026-10-01, or how long ago as 30d')
    .option('--to <moment>', 'decisions before then')
    .addOption(
      new Option('--seeds <n>', 'replays, each with chance of its own').default(20).argParser(seedCount),
    )
    .addOption(
      new Option(
        '--smallest-propensity <p>',
        'keep jobs as if this were the smallest propensity (default: one that 5 % of the jobs are below)',
      ).argParser(propensity),
    )
    .action(async ({ smallestPropensity, ...asked }: Options, command: Command) => {
      const { policy, from, to, propensities, seeds } = asked
      const input = { policy, from, to, propensities, seeds, smallest_propensity: smallestPropensity }
      await operate<PolicyReplay>('replay-policy', input, command, said)
    })
}

export function said(replay: PolicyReplay): string {
  const { policy, jobs, kept_jobs: kept, replayed, logged, smallest_propensity: smallest } = replay
  if (jobs === 0) return 'There are no jobs to replay. `runner-bandit evaluate` says what is missing.'
  if (replay.is_passed === false)
    return `No value: the ${replay.propensities} propensities fail their test, and a replay stands on them. \`runner-bandit evaluate\` says how they fail.`
  const decimals = decimalsFor(
    replayed.low === null || replayed.high === null ? 0 : (replayed.high - replayed.low) / 2,
  )
  const told = ({ value, low, high }: PolicyReplay['replayed']) =>
    value === null
      ? 'not known'
      : `${fixed(value, decimals)}${low === null || high === null ? '' : ` (95 %: ${fixed(low, decimals)} to ${fixed(high, decimals)})`}`
  const values = replay.seeds.flatMap(({ value }) => value ?? [])
  const spread =
    values.length < 2
      ? ''
      : ` By seed ${fixed(Math.min(...values), decimals)} to ${fixed(Math.max(...values), decimals)}.`
  return [
    `In control of its first ${grouped(kept)} jobs, ${policy} would have earned ${told(replayed)} a job (spec reward); what was done earned ${told(logged)} over all ${grouped(jobs)} jobs.`,
    `Mean of ${grouped(replay.seeds.length)} seeds.${spread} The interval is as wide as that of one seed: all are of the same log.`,
    '',
    `Kept are jobs in which the policy would have done what was done, each with probability ${fixed(smallest ?? 1, 4)} / propensity; ${grouped(replay.below_smallest_jobs)} jobs (${percent(replay.below_smallest_jobs / jobs)}) have a smaller propensity and are kept too seldom, which leans the result towards what was usual.`,
    ...(kept < FEWEST_KEPT
      ? [
          `Fewer than ${FEWEST_KEPT} jobs were kept: this is noise. It takes about ${grouped((jobs * FEWEST_KEPT) / Math.max(kept, 1))} jobs.`,
        ]
      : []),
    `A policy that is still learning in its first jobs is worth more over a long time. It stands on ${replay.propensities} propensities, and queues that would have formed are not in here (\`runner-bandit simulate\` plays them).`,
  ].join('\n')
}

function seedCount(text: string): number {
  const count = Number(text)
  if (Number.isInteger(count) && count >= 1 && count <= MOST_SEEDS) return count
  throw new InvalidArgumentError(`It has to be a whole number from 1 to ${MOST_SEEDS}.`)
}

function propensity(text: string): number {
  const value = Number(text)
  if (value > 0 && value <= 1) return value
  throw new InvalidArgumentError('It has to be a number above 0, at most 1.')
}
