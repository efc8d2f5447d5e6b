/**
 * What policies would have done with each job of a log that somebody else routed: from the state before it began, as
 * shadow decisions are made. Nobody acts on it, so a pick hangs on nothing that comes later.
 */
import type { LoggedJob } from '../../domain/evaluation/logged-job.ts'
import { EVALUATION } from '../../domain/evaluation/settings.ts'
import { greedy } from '../../domain/policies/greedy.ts'
import { ucb1 } from '../../domain/policies/ucb1.ts'
import type { ArmStatistics, Policy } from '../../domain/policy.ts'
import { learnNothingYet } from '../learned.ts'
import type { Run } from '../play.ts'
import type { Scenario } from '../simulate.ts'
import type { World } from '../world.ts'

/** Arm → probability, of the arms that have one. */
export type Pick = ReadonlyMap<string, number>

/** `ucb1/known` is pure MAB: over all arms, whoever could run the job. */
export const SHADOW_TARGETS = ['ucb1/known', 'ucb1', 'greedy', 'contextual'] as const
export type ShadowTarget = (typeof SHADOW_TARGETS)[number]

/**
 * @param order of starts, as the log has its jobs.
 * @param jobs the same jobs, in that order.
 * @returns by target, a pick per job.
 */
export function shadowPicks(
  { world, workload }: Scenario,
  run: Run,
  order: readonly number[],
  jobs: readonly LoggedJob[],
): Record<ShadowTarget, Pick[]> {
  const learned = learnNothingYet(world)
  const cells = cellMeans(world)
  const allArms = [...world.arms.keys()]
  const on = world.arms.map(({ id }): Pick => new Map([[id, 1]]))
  const picks: Record<ShadowTarget, Pick[]> = { 'ucb1/known': [], ucb1: [], greedy: [], contextual: [] }
  const rewardOf = new Map(order.map((job, place) => [job, (jobs[place] as LoggedJob).reward as number]))
  const ends = order.toSorted((a, b) => (run.endMs[a] as number) - (run.endMs[b] as number))
  let ended = 0

  function learnUntil(nowMs: number): void {
    for (; ended < ends.length; ended += 1) {
      const job = ends[ended] as number
      const endMs = run.endMs[job] as number
      // What ends at the instant of a start was not known yet.
      if (endMs >= nowMs) return
      const [key, arm] = [workload.key[job] as number, run.arm[job] as number]
      learned.add(key, arm, { status: run.status[job] as number, ms: endMs - (run.startMs[job] as number) })
      cells.add(key, arm, rewardOf.get(job) as number)
    }
  }

  function pickOf(policy: Policy, offered: readonly number[]): Pick {
    const arms = offered.map((arm) => learned.statistics[arm] as ArmStatistics)
    const probabilities = policy.probabilities({ arms, totalObservations: learned.total() })
    const best = probabilities.indexOf(1)
    if (best >= 0) return on[offered[best] as number] as Pick
    return new Map(arms.map(({ arm }, place) => [arm, probabilities[place] as number]))
  }

  for (const job of order) {
    learnUntil(run.startMs[job] as number)
    const key = workload.key[job] as number
    const { arms } = world.signatures[world.signatureOf[key] as number] as World['signatures'][number]
    picks['ucb1/known'].push(pickOf(ucb1, allArms))
    picks.ucb1.push(pickOf(ucb1, arms))
    picks.greedy.push(pickOf(greedy, arms))
    picks.contextual.push(on[cells.best(key, arms)] as Pick)
  }
  return picks
}

/** Who was best at this job key so far: means of (job key, arm), shrunk as the model of the reward is. */
function cellMeans({ arms, keys }: World) {
  const { keyWeight, cellWeight } = EVALUATION
  const [sums, counts] = [
    new Float64Array(keys.length * arms.length),
    new Float64Array(keys.length * arms.length),
  ]
  const [keySums, keyCounts] = [new Float64Array(keys.length), new Float64Array(keys.length)]
  let [sum, count] = [0, 0]
  const increase = (column: Float64Array, place: number, by: number) => {
    column[place] = (column[place] as number) + by
  }
  return {
    add(key: number, arm: number, reward: number): void {
      const cell = key * arms.length + arm
      increase(sums, cell, reward)
      increase(counts, cell, 1)
      increase(keySums, key, reward)
      increase(keyCounts, key, 1)
      sum += reward
      count += 1
    },
    /** The first at ties. */
    best(key: number, offered: readonly number[]): number {
      const mean = count === 0 ? 0 : sum / count
      const ofKey = ((keySums[key] as number) + keyWeight * mean) / ((keyCounts[key] as number) + keyWeight)
      const of = (arm: number) => {
        const cell = key * arms.length + arm
        return ((sums[cell] as number) + cellWeight * ofKey) / ((counts[cell] as number) + cellWeight)
      }
      return offered.reduce((best, arm) => (of(arm) > of(best) ? arm : best))
    },
  }
}
