/** The numbers that the demo shows, from the state, the tally and the played GitLab. */
import type { Instant } from '../../../shared/domain/event.ts'
import { feasibleSet } from '../../../shared/domain/feasible.ts'
import type { Fleet } from '../../../shared/domain/fleet.ts'
import { policies } from '../../../shared/domain/policies/index.ts'
import { ucb1 } from '../../../shared/domain/policies/ucb1.ts'
import { choiceOf, type Policy } from '../../../shared/domain/policy.ts'
import type { BanditState } from '../../../shared/domain/state.ts'
import { rankArms } from '../../../shared/domain/statistics.ts'
import type { JobCounts } from './player.ts'
import type { SeenJob } from './tally.ts'

/** Everything that the demo's table shows. */
export type DemoFacts = {
  playedAt: Instant
  /** Played milliseconds to a real one: as asked for, and as they were of late. */
  speed: number
  reachedSpeed: number
  jobs: JobCounts
  learnedFrom: number
  arms: readonly ArmFacts[]
  policies: readonly PolicyFacts[]
  newest: readonly SeenJob[]
  /** What is wrong, in a line; undefined when nothing is. */
  trouble: string | undefined
  /** What who looks at it can do. */
  hint: string | undefined
}

export type ArmFacts = {
  arm: string
  /** Routes to it; its name where it has none. */
  tag: string
  online: boolean
  /** Jobs learned from; canceled ones teach no reward. */
  jobs: number
  /** In [0, 1]; null before the first job, as the next two. */
  successRate: number | null
  medianSeconds: number | null
  meanReward: number | null
  /** By UCB1 among the arms that are online; 1 is the best; null for an arm never tried. */
  rank: number | null
}

export type PolicyFacts = {
  policy: string
  /** Share of the newest jobs for which it would have picked the runner that GitLab gave the job to; null before any. */
  agreement: number | null
  /** By tag: what it would pick for a job that needs it, the most probable arm and its probability. */
  favourites: readonly Favourite[]
}

export type Favourite = {
  tag: string
  /** The arms that may take such a job. */
  offered: readonly string[]
  /** The arm that the policy is most likely to pick; several when they are equally likely, none when none may. */
  arms: readonly string[]
  /** Of each of them. */
  probability: number
}

const FAVOURITE_TAGS = ['docker-any', 'shell-any', 'k8s-any']

export function armFacts(state: BanditState, fleet: Fleet, newest: readonly SeenJob[]): ArmFacts[] {
  const ranked = new Map(rankArms(state, fleet, ucb1).map((arm) => [arm.arm, arm]))
  const isOnline = (id: string) => fleet.arms.get(id)?.runners.some(({ online }) => online) ?? false
  const inOrder = [...ranked.values()].filter(({ arm, observations }) => isOnline(arm) && observations > 0)
  return [...fleet.arms.values()].map(({ id: arm, tag }) => {
    const { observations: jobs = 0, successes = 0, meanReward = 0 } = ranked.get(arm) ?? {}
    const rank = inOrder.findIndex((one) => one.arm === arm) + 1
    return {
      arm,
      tag: tag ?? arm,
      online: isOnline(arm),
      jobs,
      successRate: jobs === 0 ? null : successes / jobs,
      medianSeconds: median(
        newest.flatMap((job) => (job.arm === arm && job.status === 'success' ? [job.seconds] : [])),
      ),
      meanReward: jobs === 0 ? null : meanReward,
      rank: rank === 0 ? null : rank,
    }
  })
}

export function policyFacts(state: BanditState, fleet: Fleet, newest: readonly SeenJob[]): PolicyFacts[] {
  const offers = FAVOURITE_TAGS.map((tag) => {
    const needs = { projectNames: [], tags: [tag], refProtected: null }
    return { tag, choice: choiceOf(state, feasibleSet(fleet.arms.keys(), fleet, needs).feasible) }
  })
  const withArm = newest.filter(({ arm }) => arm !== null)
  return policies.map((policy) => {
    const { name } = policy
    const matches = withArm.filter(({ arm, picks }) => picks.get(name) === arm).length
    const favourites = offers.map(({ tag, choice }) => ({ tag, ...favouriteOf(policy, choice) }))
    return { policy: name, agreement: withArm.length === 0 ? null : matches / withArm.length, favourites }
  })
}

function favouriteOf(policy: Policy, choice: Parameters<Policy['probabilities']>[0]): Omit<Favourite, 'tag'> {
  const probabilities = policy.probabilities(choice)
  const highest = Math.max(0, ...probabilities)
  const arms = choice.arms.flatMap(({ arm }, index) => (probabilities[index] === highest ? [arm] : []))
  return { offered: choice.arms.map(({ arm }) => arm), arms, probability: highest }
}

/** Of the known ones; null when there are none. */
function median(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null).sort((a, b) => a - b)
  const upper = known[Math.floor(known.length / 2)]
  const lower = known[Math.ceil(known.length / 2) - 1]
  return upper === undefined || lower === undefined ? null : (lower + upper) / 2
}
