/** What the product's policies are worth when they route: the share of the gap from chance to the best arm that they close. */
import { greedy } from '../../shared/domain/policies/greedy.ts'
import { thompson } from '../../shared/domain/policies/thompson.ts'
import { ucb1 } from '../../shared/domain/policies/ucb1.ts'
import { ucb1Tuned } from '../../shared/domain/policies/ucb1-tuned.ts'
import { uniform } from '../../shared/domain/policies/uniform.ts'
import type { Policy } from '../../shared/domain/policy.ts'
import { JOB_SECONDS, play, shareClosed, worldOf } from './eleven-runners.ts'
import { estimateOf, ratioOf } from './estimate.ts'
import { atLeast, type Finding, shown } from './finding.ts'
import { shareOfB } from './simpson.ts'

const JOBS = 4000
const POLICIES = [ucb1, ucb1Tuned, thompson, greedy, uniform]
/** Of what UCB1 with c = 2 closes, the policy to recommend by closes so much at least. */
export const LEAST_RATIO = 1.3

/** By policy, the shares closed in the worlds of as many seeds. */
export function sharesClosed(
  policies: readonly Policy[],
  seeds: number,
  jobs: number,
  medianSeconds = JOB_SECONDS,
): Map<Policy, number[]> {
  const worlds = Array.from({ length: seeds }, (_, seed) => worldOf(`world ${seed}`, medianSeconds))
  return new Map(
    policies.map((policy) => [policy, worlds.map((world) => shareClosed(play(world, policy, jobs)))]),
  )
}

export function runners(runs: number): Finding[] {
  const shares = sharesClosed(POLICIES, runs, JOBS)
  const of = (policy: Policy) => shares.get(policy) as number[]
  return [
    ...POLICIES.map((policy) => shown(`11 runners, ${policy.name}, share closed`, estimateOf(of(policy)))),
    shown('11 runners, ucb1-tuned against ucb1', ratioOf(of(ucb1Tuned), of(ucb1))),
    atLeast('11 runners, thompson against ucb1', LEAST_RATIO, ratioOf(of(thompson), of(ucb1))),
  ]
}

/** The same with jobs of other lengths: rewards are larger where jobs are short, and UCB1's bonus is not. */
export function lengths(runs: number): Finding[] {
  return [30, 60, 90, 360].flatMap((seconds) => {
    const shares = sharesClosed([ucb1, thompson], runs, JOBS, seconds)
    const of = (policy: Policy) => shares.get(policy) as number[]
    return [
      ...[ucb1, thompson].map((policy) =>
        shown(`jobs of ${seconds} s, ${policy.name}, share closed`, estimateOf(of(policy))),
      ),
      shown(`jobs of ${seconds} s, thompson against ucb1`, ratioOf(of(thompson), of(ucb1))),
    ]
  })
}

export function simpson(runs: number): Finding[] {
  const shares = (policy: Policy) =>
    estimateOf(Array.from({ length: runs }, (_, run) => shareOfB(policy, 2000, `simpson/${run}`)))
  return [
    ...[ucb1, ucb1Tuned, greedy].map((policy) =>
      shown(`Simpson, ${policy.name}, short jobs on B`, shares(policy)),
    ),
    atLeast('Simpson, thompson, short jobs on B', 0.9, shares(thompson)),
  ]
}
