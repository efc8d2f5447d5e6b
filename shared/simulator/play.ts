/**
 * A fleet at work, event by event: pipelines arrive, their stages become pending one after another, jobs wait, run and
 * end, runners are gone for a while.
 *
 * Simplified: a failed stage does not stop the next, so that every logger meets the same jobs; nothing is retried; who
 * cancels does so while the job runs; whoever is asked answers at once.
 */
import { type Chance, STREAM } from './chance.ts'
import { createFloor } from './floor.ts'
import type { Logger } from './logger.ts'
import { outagesOf } from './outages.ts'
import type { Outcome } from './outcome.ts'
import { createQueues } from './queues.ts'
import { createTimeline, MOMENT } from './timeline.ts'
import type { Workload } from './workload.ts'
import { DAY_MS, type SimulatedKey, type World } from './world.ts'

/** What became of the jobs, a column each. Times are whole ms since the start of the simulation. */
export type Run = {
  arm: Int32Array
  pendingMs: Float64Array
  startMs: Float64Array
  endMs: Float64Array
  /** Of STATUS. */
  status: Uint8Array
  /** The probability with which the logger chose the arm, given who was free. */
  propensity: Float64Array
  /** At its start, itself not counted: feasible arms that were not full, as `Floor.notFull` says them; of 53 at most. */
  notFull: Float64Array
  /** At its start: the arm of its pipeline's job that started last before it, if that is feasible and not full; else −1. */
  previousArm: Int32Array
}

const NONE = -1
/** After the last arrival, so long an outage may still begin. */
const DAYS_AFTER = 2

export function play(
  world: World,
  workload: Workload,
  outcomeOf: (job: number, arm: number) => Outcome,
  logger: Logger,
  chance: Chance,
): Run {
  const { arms, keys, signatures, signatureOf } = world
  const { jobs, key, pipeline, first, arrivesAtMs, pendingAfterMs } = workload
  const run = emptyRun(jobs)
  const timeline = createTimeline()
  const floor = createFloor(world)
  const queues = createQueues(logger.kind === 'pull' ? signatures.length : arms.length, jobs)
  const signaturesOfArm = arms.map((_, arm) =>
    [...signatures.keys()].filter((at) => armsOf(at).includes(arm)),
  )
  const pipelines = arrivesAtMs.length
  const lastArm = new Int32Array(pipelines).fill(NONE)
  /** Of each pipeline: jobs of the stage under way that have not ended, and its first job of a later stage. */
  const unfinished = new Int32Array(pipelines)
  const nextStage = first.slice(0, pipelines)
  /** Of jobs that were sent somewhere and wait. */
  const outcomes = new Map<number, Outcome>()
  /** Arms that a job has just left. */
  const freed: number[] = []
  const candidates: number[] = []
  const weights: number[] = []

  function armsOf(signature: number): readonly number[] {
    return (signatures[signature] as World['signatures'][number]).arms
  }

  const signatureFor = (job: number) => signatureOf[key[job] as number] as number
  const stageFor = (job: number) => (keys[key[job] as number] as SimulatedKey).stage

  function openStage(its: number, nowMs: number): void {
    let job = nextStage[its] as number
    const end = first[its + 1] as number
    if (job === end) return
    for (const stage = stageFor(job); job < end && stageFor(job) === stage; job += 1) {
      unfinished[its] = (unfinished[its] as number) + 1
      timeline.add(nowMs + (pendingAfterMs[job] as number), MOMENT.pending, job)
    }
    nextStage[its] = job
  }

  function becomePending(job: number, nowMs: number): void {
    run.pendingMs[job] = nowMs
    if (logger.kind === 'pull') {
      if (!startOnFree(job, nowMs)) queues.join(signatureFor(job), job)
      return
    }
    const offered = floor.online(signatureFor(job))
    const probabilities = logger.probabilities(job, offered)
    const place = drawn(probabilities, 1, chance(STREAM.logger, job, 0))
    const arm = offered[place] as number
    run.arm[job] = arm
    run.propensity[job] = probabilities[place] as number
    if (floor.isFree(arm) && queues.isEmpty(arm)) start(job, arm, nowMs)
    else queues.join(arm, job)
  }

  /** Of a logger that lets runners ask: whether one of them could have it. */
  function startOnFree(job: number, nowMs: number): boolean {
    if (logger.kind !== 'pull') return false
    const previous = lastArm[pipeline[job] as number] as number
    candidates.length = 0
    weights.length = 0
    let total = 0
    for (const arm of armsOf(signatureFor(job))) {
      if (!floor.isFree(arm)) continue
      const weight = logger.weightOf(arm, previous)
      candidates.push(arm)
      weights.push(weight)
      total += weight
    }
    if (candidates.length === 0) return false
    const place = drawn(weights, total, chance(STREAM.logger, job, 0))
    run.arm[job] = candidates[place] as number
    run.propensity[job] = (weights[place] as number) / total
    start(job, candidates[place] as number, nowMs)
    return true
  }

  function start(job: number, arm: number, nowMs: number): void {
    const its = pipeline[job] as number
    const previous = lastArm[its] as number
    run.startMs[job] = nowMs
    run.notFull[job] = floor.notFull(signatureFor(job))
    const isThere =
      previous !== NONE && !floor.isFull(previous) && armsOf(signatureFor(job)).includes(previous)
    run.previousArm[job] = isThere ? previous : NONE
    lastArm[its] = arm
    floor.running[arm] = (floor.running[arm] as number) + 1
    const outcome = outcomeOf(job, arm)
    outcomes.set(job, outcome)
    run.status[job] = outcome.status
    run.endMs[job] = nowMs + outcome.ms
    timeline.add(nowMs + outcome.ms, MOMENT.finish, job)
  }

  function finish(job: number, nowMs: number): void {
    const arm = run.arm[job] as number
    const its = pipeline[job] as number
    floor.running[arm] = (floor.running[arm] as number) - 1
    if (logger.kind === 'push') logger.learn?.(job, arm, outcomes.get(job) as Outcome)
    outcomes.delete(job)
    freed.push(arm)
    unfinished[its] = (unfinished[its] as number) - 1
    if (unfinished[its] === 0) openStage(its, nowMs)
  }

  /** Gives an arm what waits for it, while it is free. */
  function serve(arm: number, nowMs: number): void {
    while (floor.isFree(arm)) {
      if (logger.kind === 'push') {
        if (queues.isEmpty(arm)) return
        start(queues.leave(arm), arm, nowMs)
        continue
      }
      let earliest = NONE
      for (const line of signaturesOfArm[arm] as number[]) {
        if (queues.isEmpty(line)) continue
        if (earliest === NONE || queues.joinedAs(line) < queues.joinedAs(earliest)) earliest = line
      }
      if (earliest === NONE) return
      startOnFree(queues.leave(earliest), nowMs)
    }
  }

  const lastDay = Math.floor((arrivesAtMs[pipelines - 1] ?? 0) / DAY_MS)
  for (const { arm, fromMs, toMs } of outagesOf(world, chance, lastDay + DAYS_AFTER)) {
    timeline.add(fromMs, MOMENT.offline, arm)
    timeline.add(toMs, MOMENT.online, arm)
  }
  for (let arrived = 0, ended = 0; ended < jobs; ) {
    const nextArrivalMs = arrived < pipelines ? (arrivesAtMs[arrived] as number) : Number.POSITIVE_INFINITY
    if (timeline.size === 0 || nextArrivalMs < timeline.peekMs()) {
      openStage(arrived, nextArrivalMs)
      arrived += 1
      continue
    }
    timeline.take()
    const { atMs, kind, subject } = timeline
    if (kind === MOMENT.finish) {
      finish(subject, atMs)
      ended += 1
      // Whoever is next chooses among all that are free by then.
      if (timeline.size > 0 && timeline.peekMs() === atMs && timeline.peekKind() === MOMENT.finish) continue
      for (const arm of freed.splice(0)) serve(arm, atMs)
    } else if (kind === MOMENT.pending) becomePending(subject, atMs)
    else {
      floor.change(subject, kind === MOMENT.offline ? 1 : -1)
      serve(subject, atMs)
    }
  }
  return run
}

/** The place that `chance`, in (0, 1), falls into; the last with a weight takes what rounding leaves. */
function drawn(weights: ArrayLike<number>, total: number, chance: number): number {
  let left = chance * total
  let last = 0
  for (let place = 0; place < weights.length; place += 1) {
    const weight = weights[place] as number
    if (weight <= 0) continue
    last = place
    left -= weight
    if (left < 0) return place
  }
  return last
}

function emptyRun(jobs: number): Run {
  return {
    arm: new Int32Array(jobs),
    pendingMs: new Float64Array(jobs),
    startMs: new Float64Array(jobs),
    endMs: new Float64Array(jobs),
    status: new Uint8Array(jobs),
    propensity: new Float64Array(jobs),
    notFull: new Float64Array(jobs),
    previousArm: new Int32Array(jobs),
  }
}
