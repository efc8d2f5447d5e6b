/** What a simulated world consists of, and what can be computed of it before anything happens in it. */
import { byCodeUnit } from '../domain/policy.ts'

export type SimulatedArm = {
  /** Its runner's description, too. */
  id: string
  machine: string
  executor: string
  tags: readonly string[]
  /** Jobs that it runs at once. */
  slots: number
  /** Multiplies durations: below 1 is fast. */
  slowness: number
  /** Probability that a job dies of the runner. */
  failureShare: number
  costPerHourEur: number
  /** How often it asks for jobs, beside the others. */
  pollingWeight: number
  /** Change of ln(duration) a day, until `DRIFT_DAYS` have passed. */
  driftPerDay: number
  /** Probability that an outage begins on a day. */
  outagesPerDay: number
}

export type SimulatedKey = {
  projectId: number
  projectPath: string
  jobName: string
  stage: number
  /** What its jobs ask for. */
  tags: readonly string[]
  medianSeconds: number
  /** ln(duration) follows ln(slowness) of the arm times this. */
  sensitivity: number
  /** Share of the project's pipelines that have it. */
  share: number
  scriptFailureShare: number
}

/** What holds for all arms and keys. */
export type Conditions = {
  pipelinesPerDay: number
  /** `working`: a morning, a lunch, an afternoon, a quiet night; `flat`: a Poisson process. */
  day: 'working' | 'flat'
  /** A sticky logger's factor on the runner that had the pipeline's previous job. */
  stickiness: number
  /** Hazard while a job runs: who waits longer gives up more often. */
  cancellationsPerHour: number
  /** `heavy`: lognormal with a Pareto tail; `exponential`: with the median as its mean, for queueing theory. */
  durations: 'heavy' | 'exponential'
  /** Of ln(duration) between jobs of one key. */
  sigma: number
  /** Of sigma², what is the job's and so the same on every arm; the rest is the arm's and the moment's. */
  commonShare: number
  /** So many jobs take a Pareto factor longer, of this exponent. */
  tailShare: number
  tailExponent: number
}

export type World = Conditions & {
  /** Sorted by id in code units, as policies see them. */
  arms: readonly SimulatedArm[]
  keys: readonly SimulatedKey[]
  /** Distinct sets of tags, with the arms that carry them all. */
  signatures: readonly { tags: readonly string[]; arms: readonly number[] }[]
  /** By key. */
  signatureOf: Int32Array
  /** By project: its keys, in the order of stages. */
  projects: readonly (readonly number[])[]
  /** By key × arms + arm: ln(seconds) that the median job takes, before any drift. */
  logSeconds: Float64Array
}

export const DAY_MS = 86_400_000
/** A runner that gets slower does not do so for ever. */
export const DRIFT_DAYS = 28
export const SHORTEST_SECONDS = 1
export const LONGEST_SECONDS = 4 * 3600

export const HEAVY_WORKDAY: Conditions = {
  pipelinesPerDay: 500,
  day: 'working',
  stickiness: 4,
  cancellationsPerHour: 0.4,
  durations: 'heavy',
  sigma: 0.45,
  commonShare: 0.75,
  tailShare: 0.05,
  tailExponent: 1.8,
}

/**
 * @param interaction by key and arm: what of ln(duration) is neither the key's nor the arm's own; none unless given.
 * @throws RangeError for a key that no arm can run.
 */
export function worldFrom(
  given: readonly SimulatedArm[],
  keys: readonly SimulatedKey[],
  conditions: Partial<Conditions> = {},
  interaction: (key: number, arm: number) => number = () => 0,
): World {
  const arms = given.toSorted((a, b) => byCodeUnit(a.id, b.id))
  const wanted = new Map(keys.map(({ tags }) => [tags.join(), tags]))
  const signatures = [...wanted.values()].map((tags) => ({
    tags,
    arms: arms.flatMap((arm, index) => (tags.every((tag) => arm.tags.includes(tag)) ? [index] : [])),
  }))
  const unserved = signatures.find((signature) => signature.arms.length === 0)
  if (unserved !== undefined) throw new RangeError(`no arm carries ${unserved.tags.join(', ')}`)
  const places = [...wanted.keys()]
  const logSeconds = new Float64Array(keys.length * arms.length)
  keys.forEach(({ medianSeconds, sensitivity }, key) => {
    arms.forEach(({ slowness }, arm) => {
      logSeconds[key * arms.length + arm] =
        Math.log(medianSeconds) + sensitivity * Math.log(slowness) + interaction(key, arm)
    })
  })
  return {
    ...HEAVY_WORKDAY,
    ...conditions,
    arms,
    keys,
    signatures,
    signatureOf: Int32Array.from(keys, ({ tags }) => places.indexOf(tags.join())),
    projects: [...Map.groupBy(keys.keys(), (key) => keys[key]?.projectId).values()].map((its) =>
      its.toSorted((a, b) => stageOf(keys, a) - stageOf(keys, b) || a - b),
    ),
    logSeconds,
  }
}

const stageOf = (keys: readonly SimulatedKey[], key: number) => (keys[key] as SimulatedKey).stage

/** Of the whole days since the start of the simulation, those that the drift has come along. */
export function driftDay(atMs: number): number {
  return Math.min(DRIFT_DAYS, Math.floor(atMs / DAY_MS))
}

export function jobKeyNameOf({ projectId, jobName }: SimulatedKey): string {
  return `${projectId}/${jobName}`
}
