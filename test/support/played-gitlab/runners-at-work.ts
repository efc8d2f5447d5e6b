/**
 * The runners of a played GitLab: each asks for a job on its interval, with a phase of its own, and at once again when
 * it has got one. Who asks first has the job; nothing else decides between those that match.
 */
import { createRng, type Seed } from '../../../shared/played-gitlab/index.ts'
import type { CiRunner } from './ci-runner.ts'
import { requestJob } from './pending-builds.ts'
import type { CiJob } from './pipeline.ts'
import type { Timeline } from './timeline.ts'

/** `check_interval` of config.toml. */
const CHECK_INTERVAL_MS = 3000
/** From getting a job to asking for the next. */
const AGAIN_MS = 100

export type RunnersAtWork = {
  all: readonly CiRunner[]
  pending: readonly CiJob[]
  /** The job waits for a runner from now on. */
  enqueue(job: CiJob): void
  /** Its runner is free for another. */
  release(job: CiJob): void
  /** Changes what GitLab or the world says of a runner. */
  change(id: number, words: Partial<CiRunner>): void
  add(runner: CiRunner): void
}

export function runnersAtWork(
  runners: readonly CiRunner[],
  {
    seed,
    timeline,
    start,
  }: { seed: Seed; timeline: Timeline; start: (job: CiJob, runner: CiRunner) => Promise<void> },
): RunnersAtWork {
  const phases = createRng(seed, 'polls')
  const at = runners.map((runner) => ({ runner: { ...runner }, phaseMs: phases.index(CHECK_INTERVAL_MS) }))
  const pending: CiJob[] = []
  const running: CiJob[] = []
  /** Those that will ask in any case, so that each stands on the timeline once. */
  const asking = new Set<CiRunner>()

  function askSoon(runner: CiRunner, when: number): void {
    if (asking.has(runner)) return
    asking.add(runner)
    timeline.at(when, () => ask(runner))
  }

  async function ask(runner: CiRunner): Promise<void> {
    asking.delete(runner)
    if (runner.up) runner.contactedAt = timeline.now()
    if (running.filter((job) => job.runner === runner).length >= runner.slots) return
    const assigned = running.flatMap((job) =>
      job.runner === null ? [] : [{ project: job.project, runner: job.runner }],
    )
    const won = requestJob(runner, pending, assigned)
    if (won === undefined) return
    pending.splice(pending.indexOf(won), 1)
    won.runner = runner
    running.push(won)
    askSoon(runner, timeline.now() + AGAIN_MS)
    await start(won, runner)
  }

  function everybodyAsks(): void {
    const now = timeline.now()
    for (const { runner, phaseMs } of at) {
      const rounds = Math.floor((now - phaseMs) / CHECK_INTERVAL_MS) + 1
      askSoon(runner, phaseMs + rounds * CHECK_INTERVAL_MS)
    }
  }

  return {
    get all() {
      return at.map(({ runner }) => runner)
    },
    pending,
    enqueue(job) {
      pending.push(job)
      everybodyAsks()
    },
    release(job) {
      running.splice(running.indexOf(job), 1)
      if (pending.length > 0) everybodyAsks()
    },
    change(id, words) {
      const found = at.find(({ runner }) => runner.id === id)
      if (found === undefined) throw new Error(`there is no runner ${id}`)
      Object.assign(found.runner, words)
      if (pending.length > 0) everybodyAsks()
    },
    add(runner) {
      at.push({ runner: { ...runner }, phaseMs: phases.index(CHECK_INTERVAL_MS) })
      if (pending.length > 0) everybodyAsks()
    },
  }
}
