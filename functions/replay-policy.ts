/**
 * replay-policy: what if the bandit had been in control, learning from its own choices?
 *
 * Called by: the command `replay-policy`. Reads: the views of evaluation, the log. Writes: nothing. Repetition: says the
 * same of the same rows and seeds.
 */
import * as z from 'zod'
import { estimatesOf, type Term } from '../shared/domain/evaluation/estimate.ts'
import { clusterOf } from '../shared/domain/evaluation/logged-job.ts'
import {
  type Replay,
  type ReplayedJob,
  specRewardOf,
  startReplay,
} from '../shared/domain/evaluation/rejection-replay.ts'
import { policyNamed, policyNames } from '../shared/domain/policies/index.ts'
import type { Policy } from '../shared/domain/policy.ts'
import { seededDraws } from '../shared/domain/rng.ts'
import type { Warehouse } from '../shared/ports.ts'
import type { Deps, Progress } from '../shared/runtime/handler.ts'
import { replayedJobs, replayFacts } from '../shared/runtime/replayed-jobs.ts'
import type { PropensitySource } from '../shared/schema/evaluation-report.ts'
import { windowOf } from '../shared/schema/moment.ts'

export const replayPolicyInput = z.object({
  policy: z.enum(policyNames as [string, ...string[]]).optional(),
  from: z.string().optional(),
  to: z.string().optional(),
  propensities: z.enum(['recorded', 'estimated', 'uniform']).default('estimated'),
  seeds: z.int().min(1).max(1000).default(20),
  smallest_propensity: z.number().gt(0).max(1).optional(),
})

/** Values in units of the spec reward; null where there are too few jobs for them. */
type Measured = { value: number | null; low: number | null; high: number | null }

export type PolicyReplay = {
  policy: string
  propensities: PropensitySource
  from: string | null
  to: string | null
  /** Jobs that could be kept. */
  jobs: number
  /** Of these, by the mean of all seeds: in which the policy would have done what was done, and chance kept them. */
  kept_jobs: number
  /** Mean of the seeds; the interval is as wide as that of one of them, since all are of the same log. */
  replayed: Measured
  /** What was done, of all jobs. */
  logged: Measured
  smallest_propensity: number | null
  below_smallest_jobs: number
  /** Whether the propensities pass their test; null: nothing to test. When they fail, no value is told. */
  is_passed: boolean | null
  seeds: { seed: string; kept_jobs: number; value: number | null }[]
}

type ReplayDeps = Pick<Deps, 'clock' | 'settings'> & { warehouse: Pick<Warehouse, 'query' | 'stream'> }

/** @throws InvalidInputError for a window that is none. */
export async function replayPolicy(
  input: z.output<typeof replayPolicyInput>,
  { clock, settings, warehouse }: ReplayDeps,
  progress: Progress,
): Promise<PolicyReplay> {
  const window = windowOf(input, clock.now())
  const policy = policyNamed(input.policy ?? settings.policyName) as Policy
  const facts = await replayFacts(warehouse, window, input.propensities)
  const smallestPropensity = input.smallest_propensity ?? facts.smallestPropensity
  const seeds = Array.from({ length: input.seeds }, (_, index) => `replay ${index + 1}`)
  const replays = seeds.map((seed) =>
    startReplay({
      policy,
      draw: seededDraws(seed),
      smallestPropensity: smallestPropensity ?? 1,
      lateAfterMs: settings.lateAfterMs,
    }),
  )
  const logged: Term[] = []
  let done = 0
  for await (const job of replayedJobs(warehouse, window, input.propensities)) {
    for (const replay of replays) replay.add(job)
    logged.push(...loggedTerm(job))
    done += 1
    if (done % 1000 === 0) progress({ doing: 'replaying jobs', done })
  }
  const results = replays.map((replay) => replay.result())
  const isTold = facts.isPassed !== false
  return {
    policy: policy.name,
    propensities: input.propensities,
    from: window.fromAt === undefined ? null : new Date(window.fromAt).toISOString(),
    to: window.toAt === undefined ? null : new Date(window.toAt).toISOString(),
    jobs: results[0]?.jobs ?? 0,
    kept_jobs: meanOf(results.map(({ kept }) => kept)) ?? 0,
    replayed: isTold ? acrossSeeds(results) : { value: null, low: null, high: null },
    logged: measured(estimatesOf(logged).ips),
    smallest_propensity: smallestPropensity,
    below_smallest_jobs: results[0]?.belowSmallest ?? 0,
    is_passed: facts.isPassed,
    seeds: results.map(({ kept, value }, index) => ({
      seed: seeds[index] as string,
      kept_jobs: kept,
      value: isTold ? value : null,
    })),
  }
}

function loggedTerm({ finish }: ReplayedJob): Term[] {
  const reward = specRewardOf(finish)
  if (reward === null) return []
  return [{ cluster: clusterOf(finish), weight: 1, reward, feasible: 1, modelPolicy: 0, modelAction: 0 }]
}

const measured = ({ value, low, high }: Measured): Measured => ({ value, low, high })

function acrossSeeds(results: readonly Replay[]): Measured {
  return {
    value: meanOf(results.map(({ value }) => value)),
    low: meanOf(results.map(({ low }) => low)),
    high: meanOf(results.map(({ high }) => high)),
  }
}

/** Null when one of them is. */
function meanOf(values: readonly (number | null)[]): number | null {
  let sum = 0
  for (const value of values) {
    if (value === null) return null
    sum += value
  }
  return values.length === 0 ? null : sum / values.length
}
