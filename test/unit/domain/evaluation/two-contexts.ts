/**
 * A world small enough to know everything of: two kinds of jobs, a logger whose probabilities are known, pipelines whose jobs
 * share their luck. Rewards are in [0, 1].
 */
import type { LoggedJob } from '../../../../shared/domain/evaluation/logged-job.ts'
import type { Target } from '../../../../shared/domain/evaluation/terms.ts'
import type { Draw } from '../../../../shared/domain/rng.ts'

type Kind = { share: number; logger: Record<string, number>; reward: Record<string, number> }

export const KINDS: Record<string, Kind> = {
  small: { share: 0.6, logger: { a: 0.5, b: 0.3, c: 0.2 }, reward: { a: 0.3, b: 0.7, c: 0.5 } },
  large: { share: 0.4, logger: { b: 0.85, c: 0.15 }, reward: { b: 0.25, c: 0.45 } },
}

/** Rather what the logger rarely does; a fifth of the large jobs is sent where they cannot run. */
export const TARGET: Target = ({ jobKey }) =>
  new Map(
    jobKey === 'small'
      ? [
          ['a', 1 / 3],
          ['b', 2 / 3],
        ]
      : [
          ['a', 0.2],
          ['c', 0.8],
        ],
  )

/** 0.6 · (0.3/3 + 2 · 0.7/3) + 0.4 · 0.8 · 0.45: what is sent to `a` in vain earns nothing. */
export const TRUTH = 0.6 * (0.1 + 1.4 / 3) + 0.4 * 0.8 * 0.45

const SPREAD = 0.2

/** @param luck how much of a reward, up or down, is shared by the jobs of a pipeline; at most 0.2. */
export function playedLog(jobs: number, draw: Draw, luck: number): LoggedJob[] {
  const log: LoggedJob[] = []
  for (let pipeline = 1; log.length < jobs; pipeline += 1) {
    const size = Math.min(jobs - log.length, 1 + Math.floor(draw() * 4))
    const shared = luck * (2 * draw() - 1)
    for (let job = 0; job < size; job += 1)
      log.push(playedJob(pipeline, log.length, shared, SPREAD - luck, draw))
  }
  return log
}

function playedJob(pipeline: number, id: number, shared: number, spread: number, draw: Draw): LoggedJob {
  const jobKey = draw() < 0.6 ? 'small' : 'large'
  const { logger, reward } = KINDS[jobKey] as Kind
  const action = drawn(logger, draw)
  return {
    id: `${id}`,
    cluster: `${pipeline}`,
    fold: pipeline % 5,
    jobKey,
    startedAt: id,
    action,
    feasible: Object.keys(logger),
    free: Object.keys(logger),
    previousArm: '',
    recordedPropensity: logger[action] as number,
    reward: (reward[action] as number) + shared + spread * (2 * draw() - 1),
  }
}

function drawn(probabilities: Record<string, number>, draw: Draw): string {
  let left = draw()
  let last = ''
  for (const [arm, probability] of Object.entries(probabilities)) {
    last = arm
    left -= probability
    if (left < 0) break
  }
  return last
}
