/**
 * Simpson's case (evaluation.md 1.1.2): B is 1.5 times as fast as A, but short jobs may go to either and the long ones only
 * to B, so that B's mean reward is the lower one. The true choice for short jobs is B.
 */
import { startFold } from '../../shared/domain/fold.ts'
import { choiceOf, drawIndex, type Policy } from '../../shared/domain/policy.ts'
import { type BanditState, EMPTY_STATE } from '../../shared/domain/state.ts'
import { finishedEvent, NOON, SECOND, WINDOW } from '../support/builders.ts'
import { samplerOf } from './sampling.ts'

const FASTER = 1.5
const SECONDS = { short: 30, long: 1200 }
const BOTH = ['A', 'B'] as const

/** One job a second; which number it has says when it ended. */
function jobOf(number: number, kind: keyof typeof SECONDS, arm: string) {
  const durationSeconds = SECONDS[kind] / (arm === 'B' ? FASTER : 1)
  return finishedEvent({
    jobId: number,
    jobName: kind,
    arm,
    durationSeconds,
    occurredAt: NOON + number * SECOND,
  })
}

/** As many jobs of each kind, the short ones half on A and half on B: `rounds` times four jobs. */
export function loggedByChance(rounds: number): BanditState {
  const folding = startFold(EMPTY_STATE, WINDOW)
  for (let round = 0; round < rounds; round += 1) {
    const first = 4 * round
    folding.add([
      jobOf(first + 1, 'short', 'A'),
      jobOf(first + 2, 'short', 'B'),
      jobOf(first + 3, 'long', 'B'),
      jobOf(first + 4, 'long', 'B'),
    ])
  }
  return folding.state
}

/** The share of the short jobs that a policy sent to B, in the second half of `jobs`, learning from its own picks. */
export function shareOfB(policy: Policy, jobs: number, seed: string): number {
  const { chance, uniform } = samplerOf(`${seed}/${policy.name}`)
  const folding = startFold(EMPTY_STATE, WINDOW)
  let short = 0
  let onB = 0
  for (let number = 1; number <= jobs; number += 1) {
    const isShort = chance(0.5)
    const choice = choiceOf(folding.state, isShort ? BOTH : ['B'])
    const arm = choice.arms[drawIndex(policy.probabilities(choice), uniform)]?.arm as string
    folding.add([jobOf(number, isShort ? 'short' : 'long', arm)])
    if (!isShort || number <= jobs / 2) continue
    short += 1
    if (arm === 'B') onB += 1
  }
  return onB / short
}
