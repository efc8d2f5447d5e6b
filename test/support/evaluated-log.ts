/** A log that an evaluation can be made of: jobs whose tags are known, given to the docker runners of the example fleet by chance. */
import type { JobEvent } from '../../shared/domain/event.ts'
import { seededDraws } from '../../shared/domain/rng.ts'
import { decidePast } from '../../shared/runtime/decide-past.ts'
import type { LocalDeps } from '../../shared/runtime/deps-local.ts'
import { appendToLog } from '../../shared/runtime/event-log.ts'
import { finishedEvent, MINUTE, NOON, SECOND, startedEvent } from './builders.ts'

/** How long a job usually takes: Mac2 is the fastest by far. */
export const SECONDS: Record<string, number> = {
  'Mac2 Docker Runner': 20,
  'Mac Docker Runner': 80,
  'Linux Yoga Docker Runner': 80,
  'gitlab-runner-nordic': 80,
}
export const JOBS_OF_PIPELINE = 4

/** One job at a time, every two minutes; each runner with the same probability. */
export async function recordEvaluatedLog(deps: LocalDeps, pipelines: number): Promise<void> {
  const draw = seededDraws('evaluated log')
  const arms = Object.keys(SECONDS)
  const events = Array.from({ length: pipelines * JOBS_OF_PIPELINE }, (_, index): JobEvent[] => {
    const arm = arms[Math.floor(draw() * arms.length)] as string
    const durationSeconds = (SECONDS[arm] as number) * (0.8 + 0.4 * draw())
    const startedAt = NOON + index * 2 * MINUTE
    const job = {
      jobId: index + 1,
      pipelineId: 1 + Math.floor(index / JOBS_OF_PIPELINE),
      jobName: index % 2 === 0 ? 'unit' : 'lint',
      jobTags: ['docker-any'],
      runnerDescription: arm,
      arm,
    }
    const occurredAt = startedAt + durationSeconds * SECOND
    return [
      startedEvent({ ...job, occurredAt: startedAt, receivedAt: startedAt }),
      finishedEvent({
        ...job,
        occurredAt,
        startedAt,
        finishedAt: occurredAt,
        receivedAt: occurredAt,
        durationSeconds,
      }),
    ]
  }).flat()
  await decidePast(events, deps, () => {})
  await appendToLog(events, deps.warehouse)
}
