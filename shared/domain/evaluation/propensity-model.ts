/**
 * p̂(arm | job): how often GitLab gives such a job to this arm, learned from the other folds. As the views
 * `propensity_model` and `propensities`.
 *
 * GitLab's runners poll: who asks first gets the job, one that is full does not ask, and a pipeline tends to stay where it
 * was. So the arms with room F share the job by how often each was taken when it had room, among the feasible arms s; and that
 * is the start of what was seen with F alone, and with F and the pipeline's arm before v, by the weight κ = 2 for each arm:
 *
 *   r(a) = (n(s,a) + κ)/(m(s,a) + κ k), p1(a) = r(a)/Σ_F r; p2(a) = (n(s,F,a) + κ|F| p1(a))/(n(s,F) + κ|F|);
 *   p3(a) = (n(s,F,v,a) + κ|F| p2(a))/(n(s,F,v) + κ|F|); p̂(a) = (1 − u) p3(a) + u/|F|
 *
 * with k = |s|, m(s,a) the jobs at which a had room, and u = 0.05. Counts are those of jobs that were not routed, in the other
 * folds. Adds up to 1 over the arms with room, and is 0 for the others.
 * Source: evaluation.md 2, "What GitLab does".
 */
import { type LoggedJob, signatureOf } from './logged-job.ts'
import { EVALUATION } from './settings.ts'

type Context = Pick<LoggedJob, 'fold' | 'feasible' | 'free' | 'previousArm' | 'action' | 'recordedPropensity'>
export type PropensityModel = (job: Omit<Context, 'action' | 'recordedPropensity'>, arm: string) => number

/** Where the probability of the action that was logged comes from. */
export const PROPENSITY_SOURCES = ['recorded', 'estimated', 'uniform'] as const
export type PropensitySource = (typeof PROPENSITY_SOURCES)[number]
/** In (0, 1]; null where the source does not know it. */
export type PropensityOf = (job: LoggedJob) => number | null

/** Of one context: the jobs of each fold, and those of each arm. */
type Counts = { jobs: Float64Array; ofArm: Map<string, Float64Array> }
type Room = { counts: Counts; before: Map<string, Counts> }
/** `hadRoom`: the jobs of each fold at which the arm had room. */
type Signature = { counts: Counts; hadRoom: Map<string, Float64Array>; free: Map<string, Room> }

const { folds, propensityWeight, propensityUniformShare } = EVALUATION

export function crossFitPropensities(jobs: Iterable<Context>): PropensityModel {
  const signatures = new Map<string, Signature>()
  const nameOf = signatureNames()
  for (const job of jobs) {
    if (job.recordedPropensity !== null) continue
    const signature = at(signatures, nameOf(job.feasible), () => ({
      counts: noCounts(),
      hadRoom: new Map(),
      free: new Map(),
    }))
    const room = at(signature.free, nameOf(job.free), () => ({ counts: noCounts(), before: new Map() }))
    const context = at(room.before, job.previousArm, noCounts)
    for (const counts of [signature.counts, room.counts, context]) add(counts, job)
    for (const arm of job.free) count(signature.hadRoom, arm, job.fold)
  }
  return ({ fold, feasible, free, previousArm }, arm) => {
    if (!free.includes(arm)) return 0
    const signature = signatures.get(nameOf(feasible))
    const room = signature?.free.get(nameOf(free))
    const rateOf = (one: string) => rate(signature, fold, one, feasible.length)
    const p1 = rateOf(arm) / free.reduce((sum, one) => sum + rateOf(one), 0)
    const weight = propensityWeight * free.length
    const p2 = shrunk(room?.counts, fold, arm, p1, weight)
    const p3 = shrunk(room?.before.get(previousArm), fold, arm, p2, weight)
    return (1 - propensityUniformShare) * p3 + propensityUniformShare / free.length
  }
}

/** How often the arm was taken when it had room. */
function rate(signature: Signature | undefined, fold: number, arm: string, feasibleCount: number): number {
  const taken = others(signature?.counts.ofArm.get(arm), fold)
  const hadRoom = others(signature?.hadRoom.get(arm), fold)
  return (taken + propensityWeight) / (hadRoom + propensityWeight * feasibleCount)
}

/**
 * The propensity of what was logged, by source: `recorded` is exact and only known of routed jobs; the others are that where
 * it is known, else the model's, or 1/k, which is an assumption that `propensity_check` tests.
 */
export function propensitiesBySource(model: PropensityModel): Record<PropensitySource, PropensityOf> {
  return {
    recorded: (job) => job.recordedPropensity,
    estimated: (job) => job.recordedPropensity ?? model(job, job.action),
    uniform: (job) => job.recordedPropensity ?? 1 / job.feasible.length,
  }
}

function shrunk(
  counts: Counts | undefined,
  fold: number,
  arm: string,
  parent: number,
  weight: number,
): number {
  if (counts === undefined) return parent
  const chosen = others(counts.ofArm.get(arm), fold)
  return (chosen + weight * parent) / (others(counts.jobs, fold) + weight)
}

function add({ jobs, ofArm }: Counts, { fold, action }: Context): void {
  jobs[fold] = (jobs[fold] as number) + 1
  count(ofArm, action, fold)
}

function count(byArm: Map<string, Float64Array>, arm: string, fold: number): void {
  const counts = at(byArm, arm, () => new Float64Array(folds))
  counts[fold] = (counts[fold] as number) + 1
}

function others(counts: Float64Array | undefined, fold: number): number {
  if (counts === undefined) return 0
  let sum = -(counts[fold] as number)
  for (const count of counts) sum += count
  return sum
}

function noCounts(): Counts {
  return { jobs: new Float64Array(folds), ofArm: new Map() }
}

function at<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) {
    value = make()
    map.set(key, value)
  }
  return value
}

/** Many jobs share one list of arms: its text is made once. */
function signatureNames(): (feasible: readonly string[]) => string {
  const names = new WeakMap<readonly string[], string>()
  return (feasible) => {
    let name = names.get(feasible)
    if (name === undefined) {
      name = signatureOf({ feasible })
      names.set(feasible, name)
    }
    return name
  }
}
