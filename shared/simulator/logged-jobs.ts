/**
 * A simulated log as evaluation sees it, with what only a simulation knows: the propensity that each action really had,
 * and the reward to expect of every feasible arm, hence the true value of any policy.
 */
import type { LoggedJob } from '../domain/evaluation/logged-job.ts'
import { EVALUATION } from '../domain/evaluation/settings.ts'
import { rewardOf } from '../domain/reward.ts'
import type { Logger } from './logger.ts'
import type { LoggerContext } from './loggers.ts'
import { membershipOf } from './names.ts'
import { STATUS } from './outcome.ts'
import type { Run } from './play.ts'
import { type Scenario, scenarioOf, simulate } from './simulate.ts'
import { driftDay, jobKeyNameOf, type SimulatedArm, type World } from './world.ts'

export type SimulatedReward = 'spec' | 'speed'

export type SimulatedLog = {
  /** In the order in which they started; rewards in [0, 1]. What GitLab chose has no recorded propensity. */
  jobs: LoggedJob[]
  /** By place in `jobs`: the true probability of the action. */
  propensities: number[]
  /** By place in `jobs`: arm → expected reward, of every feasible arm. */
  expected: ReadonlyMap<string, number>[]
}

export type LoggedJobsOptions = {
  seed: string | number
  jobs: number
  logger?: string | ((context: LoggerContext) => Logger)
  /** `spec`: the product's reward, a tenth of it; `speed`: b/(b + d) of a success, b what the log says of its job key. */
  reward?: SimulatedReward
  /** Epoch milliseconds at which the simulation starts. */
  startsAt?: number
}

/** The full size of the product's reward. */
export const SPEC_RANGE = 10
const STARTS_AT = Date.UTC(2026, 0, 5)

/** @throws RangeError for a name that no logger has. */
export function loggedJobsOf(
  world: World,
  { seed, jobs, logger = 'sticky', reward = 'spec', startsAt = STARTS_AT }: LoggedJobsOptions,
): SimulatedLog {
  const scenario = scenarioOf(world, seed, jobs)
  const run = simulate(scenario, logger)
  return asLogged(scenario, run, { isGitlabs: logger === 'sticky', reward, startsAt })
}

/** The jobs as `SimulatedLog` has them. */
export function startOrder({ startMs }: Pick<Run, 'startMs'>): number[] {
  return Array.from(startMs.keys()).sort((a, b) => (startMs[a] as number) - (startMs[b] as number) || a - b)
}

/** The same list for the same arms: what is counted by list is counted faster. */
function roomsBy(): (arms: readonly string[], bits: number) => readonly string[] {
  const known = new Map<readonly string[], Map<number, readonly string[]>>()
  return (arms, bits) => {
    const ofArms = known.get(arms) ?? new Map<number, readonly string[]>()
    known.set(arms, ofArms)
    const room = ofArms.get(bits) ?? arms.filter((_, place) => Math.floor(bits / 2 ** place) % 2 === 1)
    ofArms.set(bits, room)
    return room
  }
}

export function asLogged(
  scenario: Scenario,
  run: Run,
  { isGitlabs, reward, startsAt }: { isGitlabs: boolean; reward: SimulatedReward; startsAt: number },
): SimulatedLog {
  const { world, workload } = scenario
  const arms = world.arms.map(({ id }) => id)
  const feasible = world.signatures.map((signature) => signature.arms.map((arm) => arms[arm] as string))
  const jobKeys = world.keys.map(jobKeyNameOf)
  const roomOf = roomsBy()
  const earned = reward === 'spec' ? specRewards(scenario) : speedRewards(scenario, run)
  const order = startOrder(run)
  return {
    jobs: order.map((job): LoggedJob => {
      const key = workload.key[job] as number
      const arm = run.arm[job] as number
      const previous = run.previousArm[job] as number
      const succeeded = run.status[job] === STATUS.success
      const all = feasible[world.signatureOf[key] as number] as string[]
      return {
        ...membershipOf(world, workload, job),
        jobKey: jobKeys[key] as string,
        startedAt: startsAt + (run.startMs[job] as number),
        action: arms[arm] as string,
        feasible: all,
        free: isGitlabs ? roomOf(all, run.notFull[job] as number) : all,
        previousArm: previous < 0 ? '' : (arms[previous] as string),
        recordedPropensity: isGitlabs ? null : (run.propensity[job] as number),
        reward: succeeded ? earned.of(key, arm, secondsOf(run, job)) : 0,
      }
    }),
    propensities: order.map((job) => run.propensity[job] as number),
    expected: expectedOf(scenario, order, earned.expected),
  }
}

/** What a success is worth, and what any job is expected to be. */
type Rewards = {
  of(key: number, arm: number, seconds: number): number
  expected(key: number, arm: number, day: number): number
}

function specRewards({ world, expectations }: Scenario): Rewards {
  return {
    of: (_key, arm, seconds) =>
      rewardOf(true, seconds, (world.arms[arm] as SimulatedArm).costPerHourEur) / SPEC_RANGE,
    expected: (key, arm, day) => expectations.of(key, arm, day).reward / SPEC_RANGE,
  }
}

/** ln b = (Σ ln d + w g)/(n + w) over the successes of the job key, g their mean over all. */
function speedRewards({ world, workload, expectations }: Scenario, run: Run): Rewards {
  const counts = new Float64Array(world.keys.length)
  const sums = new Float64Array(world.keys.length)
  for (let job = 0; job < workload.jobs; job += 1) {
    if (run.status[job] !== STATUS.success) continue
    const key = workload.key[job] as number
    counts[key] = (counts[key] as number) + 1
    sums[key] = (sums[key] as number) + Math.log(secondsOf(run, job))
  }
  const all = sums.reduce((sum, its) => sum + its, 0) / counts.reduce((sum, its) => sum + its, 0)
  const { baselineWeight } = EVALUATION
  const usual = sums.map((sum, key) =>
    Math.exp((sum + baselineWeight * all) / ((counts[key] as number) + baselineWeight)),
  )
  const ratio = (key: number, seconds: number) => (usual[key] as number) / ((usual[key] as number) + seconds)
  return {
    of: (key, _arm, seconds) => ratio(key, seconds),
    expected: (key, arm, day) => expectations.ofSuccess(key, arm, day, (seconds) => ratio(key, seconds)),
  }
}

/** The same map for all jobs of a key on a day. */
function expectedOf(
  { world, workload }: Scenario,
  order: readonly number[],
  expected: Rewards['expected'],
): ReadonlyMap<string, number>[] {
  const known = new Map<string, ReadonlyMap<string, number>>()
  return order.map((job) => {
    const key = workload.key[job] as number
    const day = driftDay(workload.arrivesAtMs[workload.pipeline[job] as number] as number)
    const name = `${key} ${day}`
    let found = known.get(name)
    if (found === undefined) {
      const { arms } = world.signatures[world.signatureOf[key] as number] as World['signatures'][number]
      found = new Map(arms.map((arm) => [(world.arms[arm] as SimulatedArm).id, expected(key, arm, day)]))
      known.set(name, found)
    }
    return found
  })
}

const secondsOf = (run: Run, job: number) =>
  ((run.endMs[job] as number) - (run.startMs[job] as number)) / 1000
