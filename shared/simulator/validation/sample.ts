/** One log with all that only a simulation knows of it: true propensities, and what every pick was to be expected to earn. */
import type { LoggedJob } from '../../domain/evaluation/logged-job.ts'
import { asLogged, startOrder } from '../logged-jobs.ts'
import type { Run } from '../play.ts'
import { type Scenario, scenarioOf, simulate } from '../simulate.ts'
import type { World } from '../world.ts'
import { type Pick, type ShadowTarget, shadowPicks } from './shadow.ts'

export type Sample = {
  /** In the order in which they started, as a log tells of them that does not know its propensities; rewards in [0, 1]. */
  jobs: LoggedJob[]
  /** The same jobs, with the probability that each action really had as the recorded one. */
  exact: LoggedJob[]
  /** By place: arm → expected reward, of every feasible arm. */
  expected: ReadonlyMap<string, number>[]
  picks: Record<ShadowTarget, Pick[]>
}

/** Logs that a coverage is measured on are of a stream of their own. */
const seedOf = (number: number) => `validate-estimators ${number}`
const STARTS_AT = Date.UTC(2026, 0, 5)

/** @throws RangeError for a name that no logger has. */
export function playedLog(
  world: World,
  { number, jobs, logger }: { number: number; jobs: number; logger: string },
): { scenario: Scenario; run: Run } {
  const scenario = scenarioOf(world, seedOf(number), jobs)
  return { scenario, run: simulate(scenario, logger) }
}

/** @param isGitlabs the logger knew who had room: a job was only sent where there was some. */
export function sampleFrom(scenario: Scenario, run: Run, isGitlabs: boolean): Sample {
  const log = asLogged(scenario, run, { isGitlabs, reward: 'spec', startsAt: STARTS_AT })
  const { jobs, propensities, expected } = log
  return {
    jobs: jobs.map((job) => ({ ...job, recordedPropensity: null })),
    exact: jobs.map((job, place) => ({ ...job, recordedPropensity: propensities[place] as number })),
    expected,
    picks: shadowPicks(scenario, run, startOrder(run), jobs),
  }
}

/**
 * The reward to expect of a pick: 0 of an infeasible arm; of one without room that of what was done, as the terms have it.
 *
 * @param expected of every feasible arm.
 */
export function expectedOf(pick: Pick, job: LoggedJob, expected: ReadonlyMap<string, number>): number {
  let sum = 0
  for (const [arm, probability] of pick) {
    const taken = job.free.includes(arm) ? arm : job.action
    if (job.feasible.includes(arm)) sum += probability * (expected.get(taken) as number)
  }
  return sum
}
