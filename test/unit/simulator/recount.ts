/** What a run must have been like, told again from its times alone. */
import type { Run, Scenario, World } from '../../../shared/simulator/index.ts'

/** One arm with these slots, one job key: queueing theory's world. */
export const ALONE = {
  id: 'a',
  machine: 'm',
  executor: 'docker',
  tags: ['any'],
  slots: 1,
  slowness: 1,
  failureShare: 0,
  costPerHourEur: 0,
  pollingWeight: 1,
  driftPerDay: 0,
  outagesPerDay: 0,
}
export const JOB = {
  projectId: 1,
  projectPath: 'group/app',
  jobName: 'unit',
  stage: 0,
  tags: ['any'],
  medianSeconds: 100,
  sensitivity: 1,
  share: 1,
  scriptFailureShare: 0,
}

export const armsFor = (world: World, key: number): readonly number[] =>
  world.signatures[world.signatureOf[key] as number]?.arms ?? []

/** Jobs in the order of their starts, and for each how many jobs every arm had just before; what ends then has ended. */
export function* startsOf({ world }: Scenario, run: Run): Iterable<{ job: number; running: Int32Array }> {
  const jobs = Array.from(run.arm.keys())
  const starts = jobs.toSorted((a, b) => at(run.startMs, a) - at(run.startMs, b) || a - b)
  const ends = jobs.toSorted((a, b) => at(run.endMs, a) - at(run.endMs, b))
  const running = new Int32Array(world.arms.length)
  let ended = 0
  for (const job of starts) {
    for (; at(run.endMs, ends[ended] ?? job) <= at(run.startMs, job); ended += 1) {
      const arm = at(run.arm, ends[ended] as number)
      running[arm] = at(running, arm) - 1
    }
    yield { job, running: running.slice() }
    const arm = at(run.arm, job)
    running[arm] = at(running, arm) + 1
  }
}

/** Jobs that started in the same millisecond as another: which of them was first is not told. */
export function tiesOf(run: Run): Set<number> {
  const count = new Map<number, number>()
  for (const ms of run.startMs) count.set(ms, (count.get(ms) ?? 0) + 1)
  return new Set(Array.from(run.arm.keys()).filter((job) => (count.get(at(run.startMs, job)) ?? 0) > 1))
}

export function at(column: ArrayLike<number>, index: number): number {
  const value = column[index]
  if (value === undefined) throw new RangeError(`there is no ${index}`)
  return value
}

export function meanOf(values: ArrayLike<number>): number {
  let sum = 0
  for (let index = 0; index < values.length; index += 1) sum += at(values, index)
  return sum / values.length
}

/** Of a mean of values that depend on their neighbours: from the means of 25 parts. */
export function batchError(values: ArrayLike<number>): number {
  const parts = 25
  const size = Math.floor(values.length / parts)
  const all = Array.from(values)
  const means = Array.from({ length: parts }, (_, part) => meanOf(all.slice(part * size, (part + 1) * size)))
  const middle = meanOf(means)
  return Math.sqrt(means.reduce((sum, mean) => sum + (mean - middle) ** 2, 0) / (parts - 1) / parts)
}
