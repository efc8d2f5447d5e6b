/**
 * The queue of pending jobs and the race of the runners for them.
 *
 * GitLab gives a job to whichever matching runner asks first, the oldest job first. A runner asks every interval, each
 * with a phase of its own; after winning it asks again at once, and while its slots are full that request waits for the
 * first free slot. So whoever wins tends to win again: the stickiness that makes GitLab's choice far from uniform.
 */
import type { PlayedRunner } from './fleet.ts'
import { mayTake, type WantsRunner } from './matching.ts'
import type { Rng } from './rng.ts'
import type { Timeline } from './timeline.ts'

/** From asking to being answered. */
const REQUEST_MS = 120

export type QueuedJob = WantsRunner & { id: number }

export type RunnerPool<Job extends QueuedJob> = {
  /** The job is pending from now on. */
  enqueue(job: Job, nowMs: number): void
  /** The job is no longer wanted. */
  withdraw(job: Job): void
  /** The runner has finished a job. */
  free(runner: PlayedRunner, nowMs: number): void
  /** Whether any runner that asks at all may take the job. */
  someoneMayTake(job: Job): boolean
}

type Poller = {
  runner: PlayedRunner
  phaseMs: number
  busySlots: number
  /** `idle`: asks on its interval, but as nothing matches, those requests need not be played. */
  asking: 'idle' | 'soon' | 'when a slot is free'
}

export function createRunnerPool<Job extends QueuedJob>(
  runners: readonly PlayedRunner[],
  rng: Rng,
  timeline: Timeline,
  start: (job: Job, runner: PlayedRunner, nowMs: number) => void,
): RunnerPool<Job> {
  /** By id. */
  const queue: Job[] = []
  const pollers = runners
    .filter(({ online }) => online)
    .map((runner): Poller => {
      const phaseMs = rng.index(runner.pollIntervalSeconds * 1000)
      return { runner, phaseMs, busySlots: 0, asking: 'idle' }
    })

  function askAt(poller: Poller, atMs: number): void {
    poller.asking = 'soon'
    timeline.at(atMs, (nowMs) => ask(poller, nowMs))
  }

  function ask(poller: Poller, nowMs: number): void {
    if (poller.busySlots === poller.runner.concurrent) {
      poller.asking = 'when a slot is free'
      return
    }
    const index = queue.findIndex((job) => mayTake(poller.runner, job))
    const [won] = index < 0 ? [] : queue.splice(index, 1)
    if (!won) {
      poller.asking = 'idle'
      return
    }
    poller.busySlots += 1
    askAt(poller, nowMs + REQUEST_MS)
    start(won, poller.runner, nowMs)
  }

  return {
    enqueue(job, nowMs) {
      const older = queue.findLastIndex(({ id }) => id < job.id)
      queue.splice(older + 1, 0, job)
      for (const poller of pollers) {
        if (poller.asking === 'idle' && mayTake(poller.runner, job))
          askAt(poller, nextOnInterval(poller, nowMs))
      }
    },
    withdraw(job) {
      const index = queue.indexOf(job)
      if (index >= 0) queue.splice(index, 1)
    },
    free(runner, nowMs) {
      const poller = pollers.find((candidate) => candidate.runner === runner)
      if (!poller) return
      poller.busySlots -= 1
      if (poller.asking === 'when a slot is free') askAt(poller, nowMs + REQUEST_MS)
    },
    someoneMayTake: (job) => pollers.some(({ runner }) => mayTake(runner, job)),
  }
}

/** The runner's first regular request after now. */
function nextOnInterval({ runner, phaseMs }: Poller, nowMs: number): number {
  const intervalMs = runner.pollIntervalSeconds * 1000
  return phaseMs + (Math.floor((nowMs - phaseMs) / intervalMs) + 1) * intervalMs
}
