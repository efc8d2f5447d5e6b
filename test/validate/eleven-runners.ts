/**
 * A world of eleven runners with known truth, drawn anew for each seed: how fast each is, how often it breaks and what it
 * costs; job keys of heavy-tailed durations, each for the runners of its tag. A policy routes every job by its own picks
 * and learns from what became of them, by the product's fold, once they ended. There are no queues: what is measured is
 * learning alone.
 */
import type { JobEvent } from '../../shared/domain/event.ts'
import { startFold } from '../../shared/domain/fold.ts'
import { choiceOf, drawIndex, type Policy } from '../../shared/domain/policy.ts'
import { rewardOf } from '../../shared/domain/reward.ts'
import { EMPTY_STATE } from '../../shared/domain/state.ts'
import { finishedEvent, MINUTE, NOON, SECOND, WINDOW } from '../support/builders.ts'
import { type Sampler, samplerOf } from './sampling.ts'

type Runner = { arm: string; tag: string; slowness: number; failureRate: number; costPerHourEur: number }

type JobKey = {
  name: string
  share: number
  failureRate: number
  /** The arms that may take it, in the order of their ids. */
  feasible: readonly string[]
  /** By arm: the median of its duration there, and the expected reward. */
  secondsOn: ReadonlyMap<string, number>
  rewardOn: ReadonlyMap<string, number>
}

export type World = { runners: ReadonlyMap<string, Runner>; keys: readonly JobKey[]; seed: string }

const TAGS = [...times(5, 'docker'), ...times(3, 'k8s'), ...times(2, 'shell'), ...times(1, 'mac')]
/** Which runners a job key asks for: any, or those of a tag. */
const WANTED = [...times(6, 'any'), ...times(6, 'docker'), ...times(4, 'k8s'), ...times(3, 'shell'), 'mac']
const KEYS = 40
/**
 * Median over the job keys. With this one chance earns what it does in the world of evaluation.md, 0.585, in which
 * UCB1 with c = 2 closes 54 %.
 */
export const JOB_SECONDS = 180
const KEY_SECONDS = { sigma: 1.1, least: 5, most: 3600 }
/** Sigma of ln(duration): between runners, of a runner on one job key, and from job to job. */
const SIGMA = { runner: 0.4, pair: 0.15, job: 0.5 }
const MOST_RUNNER_FAILURES = 0.06
const MOST_SCRIPT_FAILURES = 0.12
const MOST_COST_EUR = 0.6
/** Between two jobs, on average: 4,000 in five and a half days. */
const GAP_MS = 2 * MINUTE
/** Points and weights of the normal distribution, to take means over what differs from job to job. */
const NORMAL = Array.from({ length: 81 }, (_, point) => (point - 40) / 10).map((z) => ({
  z,
  weight: Math.exp((-z * z) / 2) / (10 * Math.sqrt(2 * Math.PI)),
}))

/** @param medianSeconds of the job keys. */
export function worldOf(seed: string, medianSeconds = JOB_SECONDS): World {
  const sampler = samplerOf(`${seed}/world`)
  const runners = TAGS.map((tag, place): Runner => {
    return {
      arm: `runner ${String(place).padStart(2, '0')}`,
      tag,
      slowness: Math.exp(SIGMA.runner * sampler.normal()),
      failureRate: MOST_RUNNER_FAILURES * sampler.uniform(),
      costPerHourEur: MOST_COST_EUR * sampler.uniform(),
    }
  })
  const keys = Array.from({ length: KEYS }, (_, place) => keyOf(place, medianSeconds, runners, sampler))
  return { runners: new Map(runners.map((runner) => [runner.arm, runner])), keys, seed }
}

/** The first keys have most of the jobs: their shares are as 1 to 1/2 to 1/3. */
function keyOf(place: number, median: number, runners: readonly Runner[], sampler: Sampler): JobKey {
  const { sigma, least, most } = KEY_SECONDS
  const medianSeconds = Math.min(most, Math.max(least, median * Math.exp(sigma * sampler.normal())))
  const wanted = WANTED[sampler.index(WANTED.length)] as string
  const failureRate = MOST_SCRIPT_FAILURES * sampler.uniform()
  const able = runners.filter(({ tag }) => wanted === 'any' || tag === wanted)
  const secondsOn = new Map(
    able.map(({ arm, slowness }) => [
      arm,
      medianSeconds * slowness * Math.exp(SIGMA.pair * sampler.normal()),
    ]),
  )
  const rewardOn = new Map(
    able.map((runner) => {
      const seconds = secondsOn.get(runner.arm) as number
      const successes = (1 - runner.failureRate) * (1 - failureRate)
      const rewardAt = (z: number) => rewardOf(true, seconds * Math.exp(SIGMA.job * z), runner.costPerHourEur)
      return [runner.arm, successes * NORMAL.reduce((sum, { z, weight }) => sum + weight * rewardAt(z), 0)]
    }),
  )
  return {
    name: `job ${place}`,
    share: 1 / (1 + place),
    failureRate,
    feasible: able.map(({ arm }) => arm),
    secondsOn,
    rewardOn,
  }
}

/** Expected rewards, summed over the jobs: of what the policy chose, of chance, and of the best arm of each job. */
export type Played = { chosen: number; random: number; best: number }

export function play({ runners, keys, seed }: World, policy: Policy, jobs: number): Played {
  // The jobs are the same for every policy.
  const arrivals = samplerOf(`${seed}/arrivals`)
  const luck = samplerOf(`${seed}/luck/${policy.name}`)
  const folding = startFold(EMPTY_STATE, WINDOW)
  const total = keys.reduce((sum, { share }) => sum + share, 0)
  let running: { endsAt: number; event: JobEvent }[] = []
  const played = { chosen: 0, random: 0, best: 0 }
  let now = NOON
  for (let job = 1; job <= jobs; job += 1) {
    now += Math.round(-GAP_MS * Math.log(1 - arrivals.uniform()))
    const ended = running.filter(({ endsAt }) => endsAt <= now)
    if (ended.length > 0) {
      folding.add(ended.map(({ event }) => event))
      running = running.filter(({ endsAt }) => endsAt > now)
    }
    const key = keys[
      drawIndex(
        keys.map(({ share }) => share / total),
        arrivals.uniform,
      )
    ] as JobKey
    const choice = choiceOf(folding.state, key.feasible)
    const chosen = key.feasible[drawIndex(policy.probabilities(choice), luck.uniform)] as string
    const rewards = [...key.rewardOn.values()]
    played.chosen += key.rewardOn.get(chosen) as number
    played.random += meanOf(rewards)
    played.best += Math.max(...rewards)
    const event = endOf(job, now, key, runners.get(chosen) as Runner, luck)
    running.push({ endsAt: event.occurredAt, event })
  }
  return played
}

function endOf(jobId: number, startedAt: number, key: JobKey, runner: Runner, luck: Sampler): JobEvent {
  const { arm, costPerHourEur } = runner
  const full = (key.secondsOn.get(arm) as number) * Math.exp(SIGMA.job * luck.normal())
  const ending = luck.chance(runner.failureRate)
    ? { status: 'failed', failureReason: 'runner_system_failure', seconds: Math.min(full, 10) }
    : luck.chance(key.failureRate)
      ? { status: 'failed', failureReason: 'script_failure', seconds: full / 2 }
      : { status: 'success', failureReason: null, seconds: full }
  return finishedEvent({
    jobId,
    jobName: key.name,
    arm,
    costPerHourEur,
    durationSeconds: ending.seconds,
    status: ending.status as 'failed' | 'success',
    failureReason: ending.failureReason,
    occurredAt: startedAt + Math.ceil(ending.seconds * SECOND),
  })
}

/** The share of what lies between chance and the best arm of each job. */
export function shareClosed({ chosen, random, best }: Played): number {
  return (chosen - random) / (best - random)
}

function times<T>(count: number, value: T): T[] {
  return Array.from({ length: count }, () => value)
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
