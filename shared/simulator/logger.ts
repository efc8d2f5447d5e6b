/** Loggers: who sends a job where. Each knows the probabilities it draws with, so that a run records exact propensities. */
import type { Outcome } from './outcome.ts'

/**
 * `pull`: runners ask for jobs. A job goes to one of the feasible arms that are online and have a free slot, with a
 * probability in proportion to `weightOf`; where there is none it waits for the first of them, first in, first out.
 * `push`: a job is sent to one of the feasible arms that are online (to any, where none is) when it becomes pending, and
 * waits for that arm if it is full.
 */
export type Logger = PullLogger | PushLogger

export type PullLogger = {
  kind: 'pull'
  name: string
  /** @param previousArm that had the pipeline's previous job; −1 for none. */
  weightOf(arm: number, previousArm: number): number
}

export type PushLogger = {
  kind: 'push'
  name: string
  /** One for each of `offered`, arms in ascending order, adding up to 1. */
  probabilities(job: number, offered: readonly number[]): ArrayLike<number>
  /** A job has ended: what there is to learn from. */
  learn?(job: number, arm: number, outcome: Outcome): void
}
