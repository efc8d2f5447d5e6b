/** Routing by a policy that learns: of a job only when it ends, however long that takes. */
import type { ArmStatistics, Policy } from '../domain/policy.ts'
import { learnNothingYet } from './learned.ts'
import type { PushLogger } from './logger.ts'
import type { Workload } from './workload.ts'
import type { World } from './world.ts'

export function routedBy(policy: Policy, world: World, { key }: Workload): PushLogger {
  const learned = learnNothingYet(world)
  /** By the list of arms, which is the same object for a signature while nobody is gone. */
  const offers = new WeakMap<readonly number[], ArmStatistics[]>()
  return {
    kind: 'push',
    name: policy.name,
    probabilities(_job, offered) {
      let arms = offers.get(offered)
      if (arms === undefined) {
        arms = offered.map((arm) => learned.statistics[arm] as ArmStatistics)
        offers.set(offered, arms)
      }
      return policy.probabilities({ arms, totalObservations: learned.total() })
    },
    learn(job, arm, outcome) {
      learned.add(key[job] as number, arm, outcome)
    },
  }
}
