/** The loggers that need no learning, and the names by which all are known. */
import { policyNamed, policyNames } from '../domain/policies/index.ts'
import type { Expectations } from './expectation.ts'
import type { Logger } from './logger.ts'
import { routedBy } from './routed.ts'
import type { Workload } from './workload.ts'
import { driftDay, type SimulatedArm, type World } from './world.ts'

/** What a logger may know of the world beside what it learns. */
export type LoggerContext = { world: World; workload: Workload; expectations: Expectations }

/** `uniform` is the policy of that name: it draws from all feasible arms that are online, and waits for a full one. */
export const loggerNames: readonly string[] = ['sticky', ...policyNames, 'best']

/** A fresh one, that has learned nothing; undefined for a name that none has. */
export function loggerNamed(name: string, context: LoggerContext): Logger | undefined {
  if (name === 'sticky') return sticky(context.world)
  if (name === 'best') return best(context)
  const policy = policyNamed(name)
  return policy === undefined ? undefined : routedBy(policy, context.world, context.workload)
}

/** As GitLab does: whoever asks more often has more, and who had the pipeline's last job is likely to have the next. */
export function sticky({ arms, stickiness }: World): Logger {
  return {
    kind: 'pull',
    name: 'sticky',
    weightOf(arm, previousArm) {
      const { pollingWeight } = arms[arm] as SimulatedArm
      return arm === previousArm ? pollingWeight * stickiness : pollingWeight
    },
  }
}

/** Knows what nobody can: always the arm with the highest expected reward. It looks at no queue either. */
export function best({ world, workload, expectations }: LoggerContext): Logger {
  const { key, pipeline, arrivesAtMs } = workload
  const picks = new Map<string, number>()
  return {
    kind: 'push',
    name: 'best',
    probabilities(job, offered) {
      const day = driftDay(arrivesAtMs[pipeline[job] as number] as number)
      const known = `${key[job]} ${day} ${offered.length === world.arms.length ? '' : offered}`
      let pick = picks.get(known)
      if (pick === undefined) {
        pick = bestOf(expectations, key[job] as number, offered, day)
        picks.set(known, pick)
      }
      return offered.map((arm) => (arm === pick ? 1 : 0))
    },
  }
}

/** The arm with the highest expected reward; the first at ties. */
export function bestOf(
  expectations: Expectations,
  key: number,
  offered: readonly number[],
  day: number,
): number {
  const rewardOf = (arm: number) => expectations.of(key, arm, day).reward
  return offered.reduce((found, arm) => (rewardOf(arm) > rewardOf(found) ? arm : found))
}
