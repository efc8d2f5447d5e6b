/** What a run was like, in a few figures. */
import { rewardOf } from '../domain/reward.ts'
import { bestOf } from './loggers.ts'
import { STATUS } from './outcome.ts'
import type { Run } from './play.ts'
import type { Scenario } from './simulate.ts'
import { driftDay, type SimulatedArm, type World } from './world.ts'

export type Figures = {
  /** Mean of the product's reward as it came out; failed and canceled jobs earned 0. */
  reward: number
  /** Mean of expected reward of the best feasible arm − of the arm taken. */
  regret: number
  /** 1 − regret/that of drawing uniformly: 0 at random, 1 at best. */
  gapClosed: number
  queueSeconds: number
  queueP95Seconds: number
  /** Mean of waiting and running. */
  resultMinutes: number
  /** Of 1,000 jobs. */
  costEur: number
  successShare: number
  /** Of its slots, over the whole time, of the arm that was busiest so. */
  busiestShare: number
}

export const FIGURES = [
  'reward',
  'regret',
  'gapClosed',
  'queueSeconds',
  'queueP95Seconds',
  'resultMinutes',
  'costEur',
  'successShare',
  'busiestShare',
] as const satisfies readonly (keyof Figures)[]

const MS_PER_SECOND = 1000
const MS_PER_HOUR = 3_600_000

export function figuresOf(scenario: Scenario, run: Run): Figures {
  const { world, workload } = scenario
  const { jobs, key } = workload
  const lost = lossesOf(scenario)
  const busyMs = new Float64Array(world.arms.length)
  const waits = new Float64Array(jobs)
  const sums = { reward: 0, regret: 0, random: 0, waitMs: 0, runMs: 0, cost: 0, successes: 0, endMs: 0 }
  for (let job = 0; job < jobs; job += 1) {
    const arm = run.arm[job] as number
    const waitMs = (run.startMs[job] as number) - (run.pendingMs[job] as number)
    const runMs = (run.endMs[job] as number) - (run.startMs[job] as number)
    const { costPerHourEur } = world.arms[arm] as SimulatedArm
    const loss = lost(key[job] as number, dayOf(scenario, job))
    waits[job] = waitMs / MS_PER_SECOND
    busyMs[arm] = (busyMs[arm] as number) + runMs
    sums.waitMs += waitMs
    sums.runMs += runMs
    sums.cost += (costPerHourEur * runMs) / MS_PER_HOUR
    sums.regret += loss.of.get(arm) as number
    sums.random += loss.mean
    sums.endMs = Math.max(sums.endMs, run.endMs[job] as number)
    if (run.status[job] === STATUS.success) {
      sums.successes += 1
      sums.reward += rewardOf(true, runMs / MS_PER_SECOND, costPerHourEur)
    }
  }
  waits.sort()
  return {
    reward: sums.reward / jobs,
    regret: sums.regret / jobs,
    gapClosed: sums.random === 0 ? 1 : 1 - sums.regret / sums.random,
    queueSeconds: sums.waitMs / MS_PER_SECOND / jobs,
    queueP95Seconds: waits[Math.ceil(0.95 * jobs) - 1] as number,
    resultMinutes: (sums.waitMs + sums.runMs) / 60_000 / jobs,
    costEur: (1000 * sums.cost) / jobs,
    successShare: sums.successes / jobs,
    busiestShare: world.arms.reduce(
      (most, { slots }, arm) => Math.max(most, (busyMs[arm] as number) / (slots * sums.endMs)),
      0,
    ),
  }
}

/** What is lost by each feasible arm beside the best, and by drawing one uniformly. */
function lossesOf({ world, expectations }: Scenario) {
  const known = new Map<number, { of: ReadonlyMap<number, number>; mean: number }>()
  return (key: number, day: number) => {
    const place = day * world.keys.length + key
    let found = known.get(place)
    if (found === undefined) {
      const { arms } = world.signatures[world.signatureOf[key] as number] as World['signatures'][number]
      const most = expectations.of(key, bestOf(expectations, key, arms, day), day).reward
      const losses = arms.map((arm) => [arm, most - expectations.of(key, arm, day).reward] as const)
      found = { of: new Map(losses), mean: losses.reduce((sum, [, loss]) => sum + loss, 0) / losses.length }
      known.set(place, found)
    }
    return found
  }
}

function dayOf({ workload }: Scenario, job: number): number {
  return driftDay(workload.arrivesAtMs[workload.pipeline[job] as number] as number)
}
